-- Countries from which the fewest events came from day `first` to day `last`: the columns of the view rare_visitors
create or replace macro rare_visitors_between(first, last) as table
    with visitors as (
        select
            source_country as country,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen
        from period_counts('countries', first, last)
        where source_country is not null
        group by source_country
    ),

    different as (
        select
            source_country as country,
            cast(sum(sources) as bigint) as ports
        from period_counts('country_ports', first, last)
        where source_country is not null
        group by source_country
    ),

    tried as materialized (
        select
            source_country as country,
            destination_port,
            protocol,
            sum(events) as events
        from period_counts('port_countries', first, last)
        where source_country is not null and destination_port is not null
        group by source_country, destination_port, protocol
    ),

    -- To sort all ports of all countries would take twice as long as the rest.
    fifth as (
        select
            country,
            max(events, 5)[-1] as fifth_events
        from tried
        group by country
    ),

    listed as (
        select
            tried.country,
            list(
                tried.destination_port || coalesce('/' || tried.protocol, '')
                order by tried.events desc, tried.destination_port asc, tried.protocol asc
            )[:5] as main_ports
        from tried
        inner join fifth on tried.country = fifth.country
        where tried.events >= fifth.fifth_events
        group by tried.country
    )

    select
        visitors.country,
        countries.country_name,
        visitors.events,
        visitors.sources,
        different.ports,
        visitors.first_seen,
        visitors.last_seen,
        coalesce(listed.main_ports, []) as main_ports
    from visitors
    left join different on visitors.country = different.country
    left join listed on visitors.country = listed.country
    left join countries on visitors.country = countries.country
    order by visitors.events, visitors.sources, countries.country_name, visitors.country;
