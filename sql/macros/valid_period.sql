-- One row if `first` and `last` are the days of a period; if not, an error that says what is wrong
create or replace macro valid_period(first, last) as table
    -- The argument of a table function is computed even where a query finds no rows, and a filter's is not; but not one
    -- with a lambda, so that what the two days are has to be written out over and over.
    with numbers as (
        select *
        from range(
            case
                when as_day(first) is null
                    then error('first is ' || as_written(first) || ': it must be a date such as ''2020-04-01''')
                when as_day(last) is null
                    then error('last is ' || as_written(last) || ': it must be a date such as ''2020-04-01''')
                when as_day(last) < as_day(first)
                    then error(
                        'last is '
                        || as_written(last)
                        || ': it must not be before first, which is '
                        || as_written(first)
                    )
                else 1
            end
        )
    )

    select range = 0 as is_valid
    from numbers;
