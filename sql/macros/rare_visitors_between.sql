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

    -- The ports of countries that often come are those of top_ports.
    rare as (
        select country
        from visitors
        where events <= 100
    ),

    tried as (
        select
            visits.source_country as country,
            visits.destination_port,
            visits.protocol,
            sum(visits.events) as events
        from period_visits(first, last) as visits
        inner join rare on visits.source_country = rare.country
        where visits.destination_port is not null
        group by visits.source_country, visits.destination_port, visits.protocol
    ),

    listed as (
        select
            country,
            count(distinct destination_port) as ports,
            list(
                destination_port || coalesce('/' || protocol, '')
                order by events desc, destination_port asc, protocol asc
            )[:5] as main_ports
        from tried
        group by country
    )

    select
        visitors.country,
        countries.country_name,
        visitors.events,
        visitors.sources,
        case when visitors.events <= 100 then coalesce(listed.ports, 0) end as ports,
        visitors.first_seen,
        visitors.last_seen,
        case when visitors.events <= 100 then coalesce(listed.main_ports, []) end as main_ports
    from visitors
    left join listed on visitors.country = listed.country
    left join countries on visitors.country = countries.country
    order by visitors.events, visitors.sources, countries.country_name, visitors.country;
