-- Scans by the sources of a named relation of facts, and of what kind; a source of several kinds has a row of each
create or replace macro scans_of(facts) as table
    with listed as (
        select *
        from query_table(facts)
        -- Answers to what others sent under our address come from one port and go to many.
        where backscatter_events < events
    ),

    counted as (
        select
            source_key,
            cast(sum(events) as bigint) as events,
            cast(sum(days) as bigint) as days,
            max(destinations) as destinations,
            -- Not fewer than the different ones.
            sum(ports) as most_ports,
            max(scanned_ports) as scanned_ports,
            max(scanned_protocols) as scanned_protocols,
            max(scanned_destinations) as scanned_destinations,
            max(burst_events) as burst_events
        from listed
        group by source_key
    ),

    -- Vertical: 15 or more ports of one destination on a day, three times what worms of many ports try, psad's second
    -- level of danger. Protocols: 10 or more without ports. Horizontal: a port at 10 or more destinations on a day.
    -- Burst: 100 or more events, all that came on the day, within ten minutes. Slow: 15 or more ports over 5 or more
    -- days, at most 10 events a day, and never 15 on one.
    judged as (
        select
            *,
            scanned_ports >= 15 as is_vertical,
            scanned_protocols >= 10 as is_of_protocols,
            scanned_destinations >= 10 as is_horizontal,
            burst_events >= 100 as is_burst,
            days >= 5 and events <= 10 * days and most_ports >= 15 and scanned_ports < 15 as may_be_slow
        from counted
    ),

    suspected as (
        select *
        from judged
        where is_vertical or is_of_protocols or is_horizontal or is_burst or may_be_slow
    ),

    facts_of_suspected as (
        select listed.*
        from listed
        semi join suspected on listed.source_key = suspected.source_key
    ),

    named as (
        select
            source_key,
            any_value(source_ip) as source_ip,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen
        from facts_of_suspected
        group by source_key
    ),

    found_kinds as (
        select
            suspected.*,
            named.source_ip,
            named.first_seen,
            named.last_seen,
            port_counts.ports,
            unnest([
                case when suspected.is_vertical then 'vertical' end,
                case when suspected.is_of_protocols then 'protocols' end,
                case when suspected.is_horizontal then 'horizontal' end,
                case when suspected.may_be_slow and port_counts.ports >= 15 then 'slow' end,
                case when suspected.is_burst then 'burst' end
            ]) as kind
        from suspected
        inner join named on suspected.source_key = named.source_key
        inner join different_ports('facts_of_suspected') as port_counts on suspected.source_key = port_counts.source_key
    )

    select
        source_ip,
        kind,
        ports,
        destinations,
        events,
        days,
        first_seen,
        last_seen
    from found_kinds
    where kind is not null
    order by events desc, source_ip asc, kind asc;
