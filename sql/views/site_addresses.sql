-- Addresses of the site's own machines that events name: where inbound packets went to, and those that are not public
-- address: Address, canonical text
select distinct address
from read_parquet(count_files('months', 'site_addresses'), hive_partitioning = true, hive_types = { 'month': date })
