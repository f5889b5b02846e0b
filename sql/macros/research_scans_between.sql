-- Sources of known research scanners from day `first` to day `last`, by network and AS number
-- scanner: Name of the research scanner
-- source_ip: Address that it came from
-- events: Number of events
-- ports: Number of different ports; of a source with more than 16 on a day or in a month the most of one
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
create or replace macro research_scans_between(first, last) as table
    with visitors as materialized (
        select distinct
            source_key,
            -- An IPv4 address is its own key.
            case when source_key >= 4611686018427387904 then source_ip end as source_ip,
            source_asn
        from period_sources(first, last)
    ),

    -- What the plan of a query holds is as long as what it calls: the digits of an address are written out once.
    listed as (
        select
            scanner,
            split_part(identifier, '/', 1) as base,
            address_digits(split_part(identifier, '/', 1)) as digits,
            try_cast(split_part(identifier, '/', 2) as integer) as bits
        from research_scanners
        where kind = 'network'
    ),

    networks as materialized (
        select
            scanner,
            digits,
            coalesce(bits, 4 * length(digits)) as bits,
            ipv4_number(base) as lowest,
            ipv4_number(base) + cast(pow(2, 32 - coalesce(bits, 32)) as bigint) - 1 as highest,
            -- Addresses that begin with other digits need no closer look.
            left(digits, greatest(coalesce(bits, 4 * length(digits)) // 4, 4)) as beginning
        from listed
        where coalesce(bits, 4 * length(digits)) >= 16
    ),

    lengths as (
        select distinct length(beginning) as digits
        from networks
    ),

    others as (
        select
            source_key,
            address_digits(source_ip) as digits
        from visitors
        where source_ip is not null
    ),

    beginnings as (
        select
            others.source_key,
            others.digits,
            left(others.digits, lengths.digits) as beginning
        from others
        cross join lengths
    ),

    named as materialized (
        select
            visitors.source_key,
            networks.scanner
        from visitors
        inner join networks on visitors.source_key between networks.lowest and networks.highest
        union
        select
            beginnings.source_key,
            networks.scanner
        from beginnings
        inner join networks on beginnings.beginning = networks.beginning
        where digits_in_network(beginnings.digits, networks.digits, networks.bits)
        union
        select
            visitors.source_key,
            research_scanners.scanner
        from visitors
        inner join research_scanners
            on research_scanners.kind = 'asn' and visitors.source_asn = try_cast(research_scanners.identifier as bigint)
    ),

    facts_of_named as materialized (
        select facts.*
        from period_sources(first, last) as facts
        semi join named on facts.source_key = named.source_key
    ),

    counted as (
        select
            source_key,
            any_value(source_ip) as source_ip,
            cast(sum(events) as bigint) as events,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen
        from facts_of_named
        group by source_key
    )

    select
        named.scanner,
        counted.source_ip,
        counted.events,
        port_counts.ports,
        counted.first_seen,
        counted.last_seen
    from named
    inner join counted on named.source_key = counted.source_key
    inner join different_ports('facts_of_named') as port_counts on named.source_key = port_counts.source_key
    order by counted.events desc, named.scanner asc, counted.source_ip asc;
