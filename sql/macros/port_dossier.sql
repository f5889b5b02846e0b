-- All that is known of a port, a fact a row: knowledge, counts, and habits, for which the last days of events are read
-- topic: What the fact is about: what it is, history, month, port, ...
-- item: What of the topic: a month, a port, a country, ...
-- events: Number of events; NULL for what is no count
-- sources: Number of different source addresses; NULL where it is not counted
-- share: Part of the events that the topic is about, 0 to 1
-- note: The fact in words; NULL where the numbers say all
create or replace macro port_dossier(port_number, protocol_name, first := '-infinity', last := 'infinity') as table
    with days_seen as (
        select
            day,
            cast(sum(events) as bigint) as events
        from day_counts('ports', first, last)
        where destination_port = port_number and protocol = protocol_name
        group by day
    ),

    seen as (
        select
            count(*) as days,
            min(day) as first_day,
            max(day) as last_day
        from days_seen
    ),

    of_countries as (
        select
            source_country as country,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from period_counts('port_countries', first, last)
        where destination_port = port_number and protocol = protocol_name
        group by source_country
    ),

    countries_ranked as (
        select
            *,
            row_number() over (order by events desc, country asc) as place,
            events / sum(events) over () as share
        from of_countries
    ),

    recent as materialized (
        select
            source_ip,
            source_asn,
            source_network,
            observed_at
        from recent_events(first, last)
        where destination_port = port_number and protocol = protocol_name
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

    hours as (
        select
            hour(observed_at at time zone 'UTC' at time zone site_timezone()) as place,
            count(*) as events,
            count(distinct source_ip) as sources
        from recent
        group by all
    ),

    recent_sources as (
        select distinct source_ip
        from recent
    ),

    companions as (
        select
            elsewhere.destination_port as companion_port,
            elsewhere.protocol as companion_protocol,
            count(*) as events,
            count(distinct elsewhere.source_ip) as sources
        from recent_events(first, last) as elsewhere
        inner join recent_sources on elsewhere.source_ip = recent_sources.source_ip
        where
            elsewhere.destination_port is not null
            and (elsewhere.destination_port <> port_number or elsewhere.protocol <> protocol_name)
        group by elsewhere.destination_port, elsewhere.protocol
    ),

    companions_ranked as (
        select
            *,
            row_number() over (order by sources desc, events desc, companion_port asc) as place
        from companions
    ),

    facts as (
        select
            1 as part,
            1 as place,
            'what it is' as topic,
            service as item,
            cast(null as bigint) as events,
            cast(null as bigint) as sources,
            cast(null as double) as share,
            description as note
        from services
        where port = port_number and protocol = protocol_name
        union all
        select
            2 as part,
            1 as place,
            'why it is attacked' as topic,
            service as item,
            null as events,
            null as sources,
            null as share,
            attack_reason as note
        from services
        where
            port = port_number
            and protocol = protocol_name
            and attack_reason is not null
        union all
        select
            3 as part,
            row_number() over (order by year, cve) as place,
            'vulnerability' as topic,
            cve as item,
            null as events,
            null as sources,
            null as share,
            description || ' (' || source || ')' as note
        from vulnerabilities
        where port = port_number and protocol = protocol_name
        union all
        select
            4 as part,
            1 as place,
            'advice' as topic,
            service as item,
            null as events,
            null as sources,
            null as share,
            advice as note
        from ports
        where port = port_number and protocol = protocol_name
        union all
        select
            5 as part,
            1 as place,
            'check' as topic,
            service as item,
            null as events,
            null as sources,
            null as share,
            nmap_command as note
        from ports
        where port = port_number and protocol = protocol_name
        union all
        select
            6 as part,
            1 as place,
            'history' as topic,
            'rank ' || tried.rank as item,
            tried.events,
            tried.sources,
            tried.share,
            'seen on ' || seen.days || ' days from ' || seen.first_day || ' to ' || seen.last_day as note
        from top_ports_between(first, last) as tried
        cross join seen
        where tried.port = port_number and tried.protocol = protocol_name
        union all
        select
            7 as part,
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
            8 as part,
            countries_ranked.place,
            'country' as topic,
            coalesce(countries.country_name, countries_ranked.country, 'unknown') as item,
            countries_ranked.events,
            countries_ranked.sources,
            countries_ranked.share,
            null as note
        from countries_ranked
        left join countries on countries_ranked.country = countries.country
        where countries_ranked.place <= 5
        union all
        select
            9 as part,
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
            10 as part,
            hours.place,
            'hour' as topic,
            lpad(cast(hours.place as varchar), 2, '0') || ':00' as item,
            hours.events,
            hours.sources,
            hours.events / recent_total.events as share,
            null as note
        from hours
        cross join recent_total
        union all
        select
            11 as part,
            companions_ranked.place,
            'companion' as topic,
            companions_ranked.companion_port || coalesce('/' || companions_ranked.companion_protocol, '') as item,
            companions_ranked.events,
            companions_ranked.sources,
            companions_ranked.sources / recent_total.sources as share,
            services.service as note
        from companions_ranked
        cross join recent_total
        left join services
            on
                companions_ranked.companion_port = services.port
                and companions_ranked.companion_protocol = services.protocol
        where companions_ranked.place <= 5
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
