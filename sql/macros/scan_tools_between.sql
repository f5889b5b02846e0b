-- Tools that packets from `first` to `last` bear the marks of, and of how many of random packets each is true
create or replace macro scan_tools_between(first, last) as table
    with facts as (
        select
            source_key,
            events,
            main_port,
            mirai_events,
            zmap_events,
            masscan_events,
            case
                when port_set in ('23/tcp 2323/tcp') and mirai_events = 0 then events
                else 0
            end as telnet_events
        from period_sources(first, last)
    ),

    -- Mirai: Antonakakis et al., Understanding the Mirai Botnet, USENIX Security 2017, the sequence number and the two
    -- ports; ZMap and masscan: Durumeric et al., An Internet-Wide View of Internet-Wide Scanning, USENIX Security 2014.
    marks as (
        select
            'mirai' as tool,
            'sequence' as mark,
            pow(2, -32) as false_positive_rate
        union all
        select
            'mirai' as tool,
            'ports' as mark,
            null as false_positive_rate
        union all
        select
            'zmap' as tool,
            'identification' as mark,
            pow(2, -16) as false_positive_rate
        union all
        select
            'masscan' as tool,
            'identification' as mark,
            pow(2, -16) as false_positive_rate
    ),

    marked as (
        select
            facts.source_key,
            facts.main_port,
            facts.events,
            marks.tool,
            marks.mark,
            case
                when marks.mark = 'sequence' then facts.mirai_events
                when marks.mark = 'ports' then facts.telnet_events
                when marks.tool = 'zmap' then facts.zmap_events
                else facts.masscan_events
            end as marked_events
        from facts
        cross join marks
        where facts.mirai_events + facts.zmap_events + facts.masscan_events + facts.telnet_events > 0
    ),

    -- One packet in 65,536 bears a mark by chance: whose packets do so for the most part uses the tool.
    users as (
        select *
        from marked
        where 2 * marked_events > events
    ),

    counted as (
        select
            tool,
            mark,
            count(distinct source_key) as sources,
            cast(sum(marked_events) as bigint) as events
        from users
        group by tool, mark
    ),

    ports as (
        select
            tool,
            mark,
            main_port,
            sum(marked_events) as events
        from users
        where main_port is not null
        group by tool, mark, main_port
    ),

    main as (
        select
            tool,
            mark,
            list(main_port order by events desc, main_port asc)[:5] as main_ports
        from ports
        group by tool, mark
    )

    select
        counted.tool,
        counted.mark,
        counted.sources,
        counted.events,
        counted.events / (select sum(facts.events) from facts) as share,
        coalesce(main.main_ports, []) as main_ports,
        marks.false_positive_rate
    from counted
    inner join marks on counted.tool = marks.tool and counted.mark = marks.mark
    left join main on counted.tool = main.tool and counted.mark = main.mark
    order by counted.events desc, counted.tool asc, counted.mark asc;
