-- Days from which daily series stay higher or lower than before; `relation` names a relation (item, day, events)
create or replace macro change_points(relation) as table
    -- A moving-sum test (MOSUM; Eichinger and Kirch, Bernoulli 24(1), 2018) of the up to 28 observed days before a day
    -- against the up to 28 from it on. Counts are made evenly noisy first (Anscombe's square root), relieved of their
    -- weekly pattern, and held to three deviations around the median of seven days, so that one day's burst is no
    -- change. The noise is never taken to be less than that of a Poisson process. tests/test_change_points.py measures:
    -- which changes are found, within how many days, and how often one is found where there is none.
    with observed as (
        select
            item,
            day,
            events,
            2 * sqrt(events + 0.375) as height
        from query_table(relation)
        where events is not null
    ),

    by_weekday as (
        select
            item,
            dayofweek(day) as day_of_week,
            avg(height) as weekday_height,
            count(*) as weeks
        from observed
        group by item, dayofweek(day)
    ),

    weekly as (
        select
            item,
            day_of_week,
            -- A pattern of fewer than four weeks would be noise.
            case
                when min(weeks) over (partition by item) >= 4 and count(*) over (partition by item) = 7
                    then weekday_height - avg(weekday_height) over (partition by item)
                else 0
            end as excess
        from by_weekday
    ),

    even as (
        select
            observed.item,
            observed.day,
            observed.events,
            observed.height - weekly.excess as height
        from observed
        inner join weekly on observed.item = weekly.item and dayofweek(observed.day) = weekly.day_of_week
    ),

    stepped as (
        select
            *,
            height - lag(height) over (partition by item order by day) as jump,
            median(height) over (
                partition by item
                order by day
                rows between 3 preceding and 3 following
            ) as middle
        from even
    ),

    noisy as (
        select
            *,
            -- The median of the jumps' sizes is 0.6745 of their deviation, and that is sqrt(2) of the days'.
            greatest(1, median(abs(jump)) over (partition by item) / (0.6745 * sqrt(2))) as noise
        from stepped
    ),

    held as (
        select
            item,
            day,
            events,
            noise,
            least(greatest(height, middle - 3 * noise), middle + 3 * noise) as height
        from noisy
    ),

    compared as (
        select
            item,
            day,
            noise,
            avg(height) over before_it as height_before,
            avg(height) over from_it as height_after,
            count(*) over before_it as days_before,
            count(*) over from_it as days_after,
            avg(events) over before_it as before_per_day,
            avg(events) over from_it as after_per_day
        from held
        window
            before_it as (partition by item order by day rows between 28 preceding and 1 preceding),
            from_it as (partition by item order by day rows between current row and 27 following)
    ),

    scored as (
        select
            item,
            day,
            before_per_day,
            after_per_day,
            abs(height_after - height_before) / (noise * sqrt(1 / days_before + 1 / days_after)) as score
        from compared
        where days_before >= 7 and days_after >= 7
    ),

    highest as (
        select
            *,
            max(score) over (
                partition by item
                order by day
                range between interval 14 days preceding and interval 14 days following
            ) as highest_score
        from scored
    )

    select
        item,
        day,
        before_per_day,
        after_per_day,
        100 * (after_per_day - before_per_day) / nullif(before_per_day, 0) as change_percent,
        score
    from highest
    where
        score = highest_score
        and score >= 4.5
        and abs(after_per_day - before_per_day) >= 0.25 * greatest(before_per_day, after_per_day)
    order by score desc, item asc, day asc;
