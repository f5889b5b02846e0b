-- Counts of one kind for each day from `first` to `last`, to be added up day by day
create or replace macro day_counts(kind, first, last) as table
    select * exclude (previous)
    from day_facts(kind, first, last);
