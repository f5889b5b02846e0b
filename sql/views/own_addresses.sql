-- The site's own addresses: as set in sources.toml, and as inferred from the last 30 days of blocked inbound lines
-- sensor: Name of the source
-- address: Address or network
-- origin: setting, or inferred where 90 % of the blocked inbound lines of a day, 20 at least, went to it
-- share: Part of the blocked inbound lines that went to it on those days, 0 to 1; NULL of a setting
with inferred as (
    select *
    from inferred_addresses_between(last_loaded_day() - 29, last_loaded_day())
)

select
    sensor,
    network as address,
    'setting' as origin,
    cast(null as double) as share
from own_networks
union all
select
    sensor,
    address,
    'inferred' as origin,
    share
from inferred
order by sensor asc, origin desc, address asc
