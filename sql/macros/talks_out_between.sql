-- Blocked lines from day `first` to day `last` that went out: something inside talks, or tries to; most first
-- sensor: The firewall that logged it
-- source_ip: Address inside that talked
-- destination_port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- destinations: Number of different destination addresses
-- countries: ISO 3166-1 alpha-2 codes of the destinations' countries
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
create or replace macro talks_out_between(first, last) as table
    with own as (
        select
            sensor,
            address
        from inferred_addresses_between(first, last)
        union all
        select
            sensor,
            network as address
        from own_networks
    ),

    lines as (
        select * exclude (day)
        from day_facts('talks_out', first, last)
    ),

    own_pairs as (
        select distinct
            lines.sensor,
            lines.source_ip as address
        from lines
        inner join own on lines.sensor = own.sensor and in_network(lines.source_ip, own.address)
        union
        select distinct
            lines.sensor,
            lines.destination_ip as address
        from lines
        inner join own on lines.sensor = own.sensor and in_network(lines.destination_ip, own.address)
    )

    select
        lines.sensor,
        lines.source_ip,
        lines.destination_port,
        lines.protocol,
        lines.service,
        cast(sum(lines.events) as bigint) as events,
        count(distinct lines.destination_ip) as destinations,
        list(distinct lines.destination_country order by lines.destination_country) as countries,
        min(lines.first_seen) as first_seen,
        max(lines.last_seen) as last_seen
    from lines
    left join own_pairs as talker on lines.sensor = talker.sensor and lines.source_ip = talker.address
    left join own_pairs as own_target on lines.sensor = own_target.sensor and lines.destination_ip = own_target.address
    where
        lines.direction = 'outbound'
        -- Without interfaces in the line, the addresses tell: a private source that knocks at the site's own is forged.
        or own_target.address is null and (talker.address is not null or lines.source_scope = 'private')
    group by lines.sensor, lines.source_ip, lines.destination_port, lines.protocol, lines.service
    order by events desc, lines.sensor asc, lines.source_ip asc, lines.destination_port asc, lines.protocol asc;
