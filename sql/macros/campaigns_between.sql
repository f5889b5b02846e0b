-- Groups of five or more sources that tried the same three or more ports, as often, on the same days of a period
create or replace macro campaigns_between(first, last) as table
    with logged as (
        select *
        from day_facts('alike_sources', first, last)
    ),

    group_days as (
        select distinct
            port_set_hash,
            digits,
            day
        from logged
    ),

    gaps as (
        select
            *,
            lag(day) over (partition by port_set_hash, digits order by day) as day_before
        from group_days
    ),

    -- What comes back after more than a week is another campaign.
    numbered as (
        select
            *,
            count(*) filter (where day - day_before > 7) over (
                partition by port_set_hash, digits
                order by day
            ) as number
        from gaps
    ),

    grouped as (
        select
            logged.port_set_hash,
            logged.digits,
            numbered.number,
            max(logged.port_set) as port_set,
            count(distinct logged.source_ip) as sources,
            cast(sum(logged.events) as bigint) as events,
            count(distinct logged.day) as days,
            list_sort(list_distinct(list(logged.source_country))) as countries,
            min(logged.first_seen) as first_seen,
            max(logged.last_seen) as last_seen
        from logged
        inner join numbered
            on
                logged.port_set_hash = numbered.port_set_hash
                and logged.digits = numbered.digits
                and logged.day = numbered.day
        group by logged.port_set_hash, logged.digits, numbered.number
    )

    select
        grouped.port_set,
        array_to_string(
            list_sort(list_distinct(regexp_extract_all(grouped.port_set, '[a-z]+'))), ' '
        ) as protocol,
        grouped.sources,
        grouped.events,
        grouped.days,
        grouped.countries,
        grouped.first_seen,
        grouped.last_seen
    from grouped
    order by grouped.sources desc, grouped.events desc, grouped.port_set asc, grouped.first_seen asc;
