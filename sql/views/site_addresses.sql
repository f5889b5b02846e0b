-- Addresses of the site's own machines that events name: where inbound packets went to, and those that are not public
-- address: Address, canonical text
select distinct address
from count_rows('months', 'site_addresses')
