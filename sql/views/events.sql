-- One row per logged packet, of all days, with the country, network and service that its addresses and ports stand for
select
    day,
    * exclude (day)
from read_parquet(
    partitions('events'),
    hive_partitioning = true,
    hive_types = { 'day': date },
    union_by_name = list_contains(uneven_stages(), 'events')
)
