-- Sources of known research scanners from day `first` to day `last`, by network and AS number
-- scanner: Name of the research scanner
-- source_ip: Address that it came from
-- events: Number of events
-- ports: Number of different ports; of a source with more than 16 on a day or in a month the most of one
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
create or replace macro research_scans_between(first, last) as table
    with facts as not materialized (select * from period_sources(first, last)),

    networks as (
        select
            scanner,
            identifier,
            ipv4_number(split_part(identifier, '/', 1)) as lowest,
            ipv4_number(split_part(identifier, '/', 1)) + cast(pow(2, 32 - prefix_length(identifier)) as bigint) - 1
                as highest,
            -- Addresses that begin with other digits need no closer look.
            left(
                address_digits(split_part(identifier, '/', 1)), greatest(prefix_length(identifier) // 4, 4)
            ) as beginning
        from research_scanners
        where kind = 'network' and prefix_length(identifier) >= 16
    ),

    visitors as (
        select distinct source_key
        from facts
    ),

    others as (
        select distinct
            source_key,
            source_ip
        from facts
        where source_key >= 4611686018427387904
    ),

    lengths as (
        select distinct length(beginning) as digits
        from networks
    ),

    beginnings as (
        select
            others.source_key,
            others.source_ip,
            left(address_digits(others.source_ip), lengths.digits) as beginning
        from others
        cross join lengths
    ),

    named as (
        -- An IPv4 address is its own key.
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
        where in_network(beginnings.source_ip, networks.identifier)
        union
        select
            facts.source_key,
            research_scanners.scanner
        from facts
        inner join research_scanners
            on research_scanners.kind = 'asn' and facts.source_asn = try_cast(research_scanners.identifier as bigint)
    ),

    facts_of_named as (
        select facts.*
        from facts
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
