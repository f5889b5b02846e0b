-- All that is known of a country's visits, a fact a row: counts, and habits, for which the last days of events are read
-- topic: What the fact is about: what it is, history, month, port, ...
-- item: What of the topic: a month, a port, a country, ...
-- events: Number of events; NULL for what is no count
-- sources: Number of different source addresses; NULL where it is not counted
-- share: Part of the events that the topic is about, 0 to 1
-- note: The fact in words; NULL where the numbers say all
create or replace macro country_dossier(country_code, first := '-infinity', last := 'infinity') as table
    with days_seen as (
        select
            day,
            cast(sum(events) as bigint) as events
        from day_counts('countries', first, last)
        where source_country = country_code
        group by day
    ),

    seen as (
        select
            count(*) as days,
            min(day) as first_day,
            max(day) as last_day
        from days_seen
    ),

    of_ports as (
        select
            destination_port as port,
            protocol,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from period_counts('port_countries', first, last)
        where source_country = country_code
        group by destination_port, protocol
    ),

    ports_ranked as (
        select
            *,
            row_number() over (order by port is null, events desc, port asc, protocol asc) as place,
            events / sum(events) over () as share
        from of_ports
    ),

    recent as materialized (
        select
            source_ip,
            source_asn,
            source_network,
            observed_at
        from recent_events(first, last)
        where source_country = country_code
    ),

    recent_total as (
        select
            count(*) as events,
            count(distinct source_ip) as sources
        from recent
    ),

    networks as (
        select
            source_asn as asn,
            any_value(source_network) as network,
            count(*) as events,
            count(distinct source_ip) as sources
        from recent
        where source_asn is not null
        group by source_asn
    ),

    networks_ranked as (
        select
            *,
            row_number() over (order by events desc, asn asc) as place
        from networks
    ),

    sources as (
        select
            source_ip,
            count(*) as events
        from recent
        where source_ip is not null
        group by source_ip
    ),

    sources_ranked as (
        select
            *,
            row_number() over (order by events desc, source_ip asc) as place
        from sources
    ),

    hours as (
        select
            hour(observed_at at time zone 'UTC' at time zone site_timezone()) as place,
            count(*) as events,
            count(distinct source_ip) as sources
        from recent
        group by all
    ),

    facts as (
        select
            1 as part,
            1 as place,
            'what it is' as topic,
            countries.country_name as item,
            cast(null as bigint) as events,
            cast(null as bigint) as sources,
            cast(null as double) as share,
            case
                when countries.country <> countries.sovereign then 'belongs to ' || states.country_name
                when countries.recognised_by_japan then 'a country'
                else 'not recognised by Japan as a country'
            end as note
        from countries
        inner join countries as states on countries.sovereign = states.country
        where countries.country = country_code
        union all
        select
            2 as part,
            1 as place,
            'history' as topic,
            'rank ' || visitors.rank as item,
            visitors.events,
            visitors.sources,
            visitors.share,
            'seen on ' || seen.days || ' days from ' || seen.first_day || ' to ' || seen.last_day as note
        from top_countries_between(first, last) as visitors
        cross join seen
        where visitors.country = country_code
        union all
        select
            3 as part,
            row_number() over (order by month_of(days_seen.day)) as place,
            'month' as topic,
            strftime(month_of(days_seen.day), '%Y-%m') as item,
            cast(sum(days_seen.events) as bigint) as events,
            null as sources,
            null as share,
            'most on one day: ' || max(days_seen.events) as note
        from days_seen
        group by month_of(days_seen.day)
        union all
        select
            4 as part,
            ports_ranked.place,
            'port' as topic,
            ports_ranked.port || coalesce('/' || ports_ranked.protocol, '') as item,
            ports_ranked.events,
            ports_ranked.sources,
            ports_ranked.share,
            services.service as note
        from ports_ranked
        left join services on ports_ranked.port = services.port and ports_ranked.protocol = services.protocol
        where ports_ranked.port is not null and ports_ranked.place <= 10
        union all
        select
            5 as part,
            networks_ranked.place,
            'network' as topic,
            'AS' || networks_ranked.asn as item,
            networks_ranked.events,
            networks_ranked.sources,
            networks_ranked.events / recent_total.events as share,
            networks_ranked.network as note
        from networks_ranked
        cross join recent_total
        where networks_ranked.place <= 5
        union all
        select
            6 as part,
            sources_ranked.place,
            'source' as topic,
            sources_ranked.source_ip as item,
            sources_ranked.events,
            null as sources,
            sources_ranked.events / recent_total.events as share,
            null as note
        from sources_ranked
        cross join recent_total
        where sources_ranked.place <= 5
        union all
        select
            7 as part,
            hours.place,
            'hour' as topic,
            lpad(cast(hours.place as varchar), 2, '0') || ':00' as item,
            hours.events,
            hours.sources,
            hours.events / recent_total.events as share,
            null as note
        from hours
        cross join recent_total
    )

    select
        topic,
        item,
        events,
        sources,
        share,
        note
    from facts
    order by part, place;
