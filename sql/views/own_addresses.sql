-- The site's own addresses: as set in sources.toml, and as inferred from the last 30 days of blocked inbound lines
-- sensor: Name of the source
-- address: Address or network
-- origin: setting, or inferred where 90 % of the blocked inbound lines of a day, 20 at least, went to it
-- share: Part of the blocked inbound lines that went to it on those days, 0 to 1; NULL of a setting
with last_loaded as (
    select
        coalesce(max(day) - 29, date '-infinity') as first_day,
        coalesce(max(day), date 'infinity') as day
    from observed_between('-infinity', 'infinity')
),

inferred as (
    select *
    from
        inferred_addresses_between(
            (select last_loaded.first_day from last_loaded), (select last_loaded.day from last_loaded)
        )
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
