-- Addresses of the site's own machines that events name: where inbound packets went to, and those that are not public
-- address: Address, canonical text
select destination_ip as address
from events
where destination_ip is not null and (direction is distinct from 'outbound' or destination_scope <> 'public')
union
select source_ip as address
from events
where source_ip is not null and (direction = 'outbound' or source_scope <> 'public')
union
select nat_source_ip as address
from events
where nat_source_ip is not null
union
select nat_destination_ip as address
from events
where nat_destination_ip is not null
