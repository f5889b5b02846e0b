-- Different ports of each source of a named relation of facts: where a row has more than 16, the most that one has
create or replace macro different_ports(facts) as table
    with listed_rows as (select * from query_table(facts)),

    of_rows as (
        select
            source_key,
            max(ports) as ports,
            min(port_set_hash) as first_set,
            max(port_set_hash) as last_set
        from listed_rows
        group by source_key
    ),

    -- Only lists that are whole and differ need a closer look.
    to_list as (
        select source_key
        from of_rows
        where ports <= 16 and first_set < last_set
    ),

    listed as (
        select
            listed_rows.source_key,
            unnest(string_split(listed_rows.port_set, ' ')) as port
        from listed_rows
        semi join to_list on listed_rows.source_key = to_list.source_key
        where listed_rows.port_set is not null
    ),

    of_lists as (
        select
            source_key,
            count(distinct port) as ports
        from listed
        group by source_key
    )

    select
        of_rows.source_key,
        greatest(of_rows.ports, coalesce(of_lists.ports, 0)) as ports
    from of_rows
    left join of_lists on of_rows.source_key = of_lists.source_key;
