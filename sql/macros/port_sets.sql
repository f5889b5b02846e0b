-- Ports of each source of a named relation of facts: how many different ones, see different_ports, and which, up to 16
create or replace macro port_sets(facts) as table
    with listed_rows as (select * from query_table(facts)),

    of_rows as (
        select
            source_key,
            max(ports) as ports,
            any_value(port_set) as port_set,
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
        select distinct
            listed_rows.source_key,
            unnest(string_split(listed_rows.port_set, ' ')) as port
        from listed_rows
        semi join to_list on listed_rows.source_key = to_list.source_key
        where listed_rows.port_set is not null
    ),

    of_lists as (
        select
            source_key,
            count(*) as ports,
            string_agg(port, ' ' order by port) as port_set
        from listed
        group by source_key
    ),

    put_together as (
        select
            of_rows.source_key,
            of_rows.first_set,
            of_rows.first_set = of_rows.last_set as is_one_set,
            of_rows.port_set as one_set,
            of_lists.port_set as all_sets,
            greatest(of_rows.ports, coalesce(of_lists.ports, 0)) as ports
        from of_rows
        left join of_lists on of_rows.source_key = of_lists.source_key
    )

    select
        source_key,
        ports,
        case
            when ports > 16 then null
            when is_one_set then one_set
            else all_sets
        end as port_set,
        case
            when ports > 16 then null
            when is_one_set then first_set
            when all_sets is not null then cast(hash(all_sets) >> 1 as bigint)
        end as port_set_hash
    from put_together;
