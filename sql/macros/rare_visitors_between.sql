-- Countries from which the fewest events came from day `first` to day `last`: the columns of the view rare_visitors
create or replace macro rare_visitors_between(first, last) as table
    with seen as (
        select
            source_country as country,
            source_ip,
            destination_port,
            protocol,
            observed_at
        from events_between(first, last)
        where source_country is not null
    ),

    visitors as (
        select
            country,
            count(*) as events,
            count(distinct source_ip) as sources,
            count(distinct destination_port) as ports,
            min(observed_at) as first_seen,
            max(observed_at) as last_seen
        from seen
        group by country
    ),

    tried as (
        select
            country,
            destination_port,
            protocol,
            count(*) as events
        from seen
        where destination_port is not null
        group by country, destination_port, protocol
    ),

    listed as (
        select
            country,
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
        visitors.ports,
        visitors.first_seen,
        visitors.last_seen,
        coalesce(listed.main_ports, []) as main_ports
    from visitors
    left join listed on visitors.country = listed.country
    left join countries on visitors.country = countries.country
    order by visitors.events, visitors.sources, countries.country_name, visitors.country;
