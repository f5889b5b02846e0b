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
    with named as (
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

    own as (
        select
            sensor,
            address_digits(split_part(address, '/', 1)) as digits,
            prefix_length(address) as bits
        from named
    ),

    lines as materialized (
        select * exclude (day)
        from day_facts('talks_out', first, last)
    ),

    addresses as (
        select
            sensor,
            source_ip as address
        from lines
        union
        select
            sensor,
            destination_ip as address
        from lines
    ),

    written as (
        select
            *,
            address_digits(address) as digits
        from addresses
    ),

    own_pairs as materialized (
        select distinct
            written.sensor,
            written.address
        from written
        inner join own
            on written.sensor = own.sensor and digits_in_network(written.digits, own.digits, own.bits)
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
