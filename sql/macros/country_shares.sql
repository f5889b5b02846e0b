-- Main five countries of each port; `relation` names counts (port, protocol, country, events, sources)
create or replace macro country_shares(relation) as table
    with counted as (
        select
            port,
            protocol,
            country,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from query_table(relation)
        group by port, protocol, country
    ),

    shared as (
        select
            *,
            sum(events) over (partition by port, protocol) as port_events
        from counted
    ),

    ranked as (
        select
            *,
            rank() over (partition by port, protocol order by events desc) as rank
        from shared
        where country is not null
    )

    select
        ranked.port,
        ranked.protocol,
        services.service,
        ranked.rank,
        ranked.country,
        countries.country_name,
        ranked.events,
        ranked.sources,
        ranked.events / ranked.port_events as share
    from ranked
    left join services on ranked.port = services.port and ranked.protocol = services.protocol
    left join countries on ranked.country = countries.country
    where ranked.rank <= 5
    order by
        ranked.port_events desc,
        ranked.port asc,
        ranked.protocol asc,
        ranked.rank asc,
        countries.country_name asc,
        ranked.country asc;
