-- Events per observed day of each weekday; `relation` names a relation (day, events), as port_days gives it
create or replace macro weekly_pattern(relation) as table
    with observed as (
        select
            isodow(day) as iso_weekday,
            events
        from query_table(relation)
        where events is not null
    ),

    by_weekday as (
        select
            iso_weekday,
            count(*) as observed_days,
            cast(sum(events) as bigint) as events,
            avg(events) as events_per_day
        from observed
        group by iso_weekday
    )

    select
        iso_weekday,
        ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][iso_weekday] as weekday_name,
        observed_days,
        events,
        events_per_day,
        events_per_day / nullif(avg(events_per_day) over (), 0) as relative_to_mean
    from by_weekday
    order by iso_weekday;
