-- Blocked lines from day `first` to day `last` that went out: something inside talks, or tries to; most first
create or replace macro talks_out_between(first, last) as table
    with blocked as (
        select *
        from events_between(first, last)
        where action in ('block', 'reject')
    ),

    own as (
        select
            sensor,
            address
        from inferred_addresses('blocked')
        union all
        select
            sensor,
            network as address
        from own_networks
    ),

    lines as (
        select
            sensor,
            source_ip,
            source_scope,
            destination_ip,
            destination_country,
            destination_port,
            protocol,
            service,
            direction,
            count(*) as events,
            min(observed_at) as first_seen,
            max(observed_at) as last_seen
        from blocked
        where direction is distinct from 'inbound' and destination_scope = 'public' or direction = 'outbound'
        group by all
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
