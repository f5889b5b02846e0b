-- All that is known of a source, a fact a row: what it is, its months, ports, scans, and the marks of tools
-- topic: What the fact is about: what it is, history, month, port, ...
-- item: What of the topic: a month, a port, a country, ...
-- events: Number of events; NULL where it is not counted
-- share: Part of the source's events, 0 to 1
-- note: The fact in words; NULL where the numbers say all
create or replace macro source_dossier(address, first := '-infinity', last := 'infinity') as table
    with facts as materialized (
        select *
        from period_sources(first, last)
        -- The key finds the rows; the address tells, were two of one key.
        where source_key = source_key(address) and source_ip = address
    ),

    days_seen as (
        select
            day,
            events
        from count_rows('days', 'sources')
        where source_key = source_key(address) and source_ip = address and day between as_day(first) and as_day(last)
    ),

    total as (
        select
            cast(sum(events) as bigint) as events,
            cast(sum(days) as bigint) as days,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            max(destinations) as destinations,
            arg_max(source_country, last_seen) as source_country,
            arg_max(source_asn, last_seen) as source_asn,
            arg_max(source_network, last_seen) as source_network
        from facts
        having count(*) > 0
    ),

    port_lists as (
        select
            unnest(string_split(replace(port_set, ' ...', ''), ' ')) as port,
            days
        from facts
    ),

    ports_ranked as (
        select
            port,
            sum(days) as days,
            row_number() over (order by sum(days) desc, port asc) as place
        from port_lists
        group by port
    ),

    marks as (
        select
            unnest(['answers', 'mirai', 'zmap', 'masscan']) as item,
            unnest([sum(backscatter_events), sum(mirai_events), sum(zmap_events), sum(masscan_events)]) as events
        from facts
    ),

    dossier as (
        select
            1 as part,
            1 as place,
            'what it is' as topic,
            coalesce(countries.country_name, total.source_country, 'unknown country') as item,
            total.events,
            cast(null as double) as share,
            coalesce('AS' || total.source_asn || ' ' || coalesce(total.source_network, ''), 'unknown network') as note
        from total
        left join countries on total.source_country = countries.country
        union all
        select
            2 as part,
            1 as place,
            'history' as topic,
            'seen on ' || total.days || ' days' as item,
            total.events,
            null as share,
            'from ' || total.first_seen || ' to ' || total.last_seen || ', at least ' || port_counts.ports
            || ' ports of ' || total.destinations || ' destinations' as note
        from total
        cross join different_ports('facts') as port_counts
        union all
        select
            3 as part,
            row_number() over (order by month_of(days_seen.day)) as place,
            'month' as topic,
            strftime(month_of(days_seen.day), '%Y-%m') as item,
            cast(sum(days_seen.events) as bigint) as events,
            sum(days_seen.events) / any_value(total.events) as share,
            count(*) || ' days, most on one: ' || max(days_seen.events) as note
        from days_seen
        cross join total
        group by month_of(days_seen.day)
        union all
        select
            4 as part,
            ports_ranked.place,
            'port' as topic,
            ports_ranked.port as item,
            null as events,
            null as share,
            'service: ' || coalesce(services.service, 'unknown') as note
        from ports_ranked
        left join services on ports_ranked.port = services.port || '/' || services.protocol
        where ports_ranked.place <= 10
        union all
        select
            5 as part,
            row_number() over (order by scans.kind) as place,
            'scan' as topic,
            scans.kind as item,
            scans.events,
            null as share,
            scans.ports || ' ports, ' || scans.destinations || ' destinations, ' || scans.days || ' days' as note
        from scans_of('facts') as scans
        union all
        select
            6 as part,
            row_number() over (order by marks.events desc, marks.item asc) as place,
            'mark' as topic,
            marks.item,
            cast(marks.events as bigint) as events,
            marks.events / total.events as share,
            'packets that bear it; see scan_tools_between' as note
        from marks
        cross join total
        where marks.events > 0
    )

    select
        topic,
        item,
        events,
        share,
        note
    from dossier
    order by part, place;
