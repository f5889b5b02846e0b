-- The site's own addresses and networks, as sources.toml declares them for each source
-- sensor: Name of the source
-- network: Network such as 192.0.2.0/24
select
    unnest(cast(getvariable('own_sensors') as varchar[])) as sensor,
    unnest(cast(getvariable('own_networks') as varchar[])) as network
