-- Sources of known research scanners from day `first` to day `last`, by network and AS number; reads the events
create or replace macro research_scans_between(first, last) as table
    with tried as (
        select
            source_ip,
            source_asn,
            count(*) as events,
            count(distinct destination_port) as ports,
            min(observed_at) as first_seen,
            max(observed_at) as last_seen
        from events_between(first, last)
        where source_ip is not null
        group by source_ip, source_asn
    ),

    networks as (
        select
            scanner,
            identifier,
            -- Addresses that begin with other digits need no closer look.
            left(
                address_digits(split_part(identifier, '/', 1)), greatest(prefix_length(identifier) // 4, 4)
            ) as beginning
        from research_scanners
        where kind = 'network' and prefix_length(identifier) >= 16
    ),

    lengths as (
        select distinct length(beginning) as digits
        from networks
    ),

    beginnings as (
        select
            tried.source_ip,
            left(address_digits(tried.source_ip), lengths.digits) as beginning
        from tried
        cross join lengths
    ),

    named as (
        select
            beginnings.source_ip,
            networks.scanner
        from beginnings
        inner join networks on beginnings.beginning = networks.beginning
        where in_network(beginnings.source_ip, networks.identifier)
        union
        select
            tried.source_ip,
            research_scanners.scanner
        from tried
        inner join research_scanners
            on research_scanners.kind = 'asn' and tried.source_asn = try_cast(research_scanners.identifier as bigint)
    )

    select
        named.scanner,
        named.source_ip,
        cast(sum(tried.events) as bigint) as events,
        max(tried.ports) as ports,
        min(tried.first_seen) as first_seen,
        max(tried.last_seen) as last_seen
    from named
    inner join tried on named.source_ip = tried.source_ip
    group by named.scanner, named.source_ip
    order by events desc, named.scanner asc, named.source_ip asc;
