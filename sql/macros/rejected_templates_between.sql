-- Kinds of lines that were rejected from day `first` to day `last`: the columns of the view rejected_templates
create or replace macro rejected_templates_between(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    rejected as (
        select
            sensor,
            observed_at,
            file,
            line_number,
            line,
            line_template(line) as template,
            -- What follows a colon is the value at fault.
            split_part(reason, ': ', 1) as reason
        from rejected_lines
        where day between as_day(first) and as_day(last)
    )

    select
        rejected.template,
        rejected.reason,
        count(*) as lines,
        list(distinct rejected.sensor order by rejected.sensor) as sensors,
        min(rejected.observed_at) as first_seen,
        max(rejected.observed_at) as last_seen,
        min_by(rejected.line, (rejected.file, rejected.line_number)) as example
    from rejected
    cross join period
    group by rejected.template, rejected.reason
    order by lines desc, rejected.template asc, rejected.reason asc;
