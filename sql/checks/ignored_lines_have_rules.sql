-- Every ignored line is counted under the name of a rule; NULL is a day that was loaded before rules were counted
select *
from loads
where
    is_checked(day)
    and ignored_by_rule is not null
    and ignored is distinct from (
        select coalesce(sum(rules.held.lines), 0)
        from (select unnest(loads.ignored_by_rule) as held) as rules
    )
