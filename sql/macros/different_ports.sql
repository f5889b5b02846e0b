-- Different ports of each source of a named relation of facts: exact where no row has more than 16, or else at least
create or replace macro different_ports(facts) as table
    with sets as (
        select distinct
            source_key,
            ports,
            port_set
        from query_table(facts)
    ),

    listed as (
        select
            source_key,
            unnest(string_split(port_set, ' ')) as port
        from sets
        where ports <= 16 and port_set is not null
    ),

    of_lists as (
        select
            source_key,
            count(distinct port) as ports
        from listed
        group by source_key
    ),

    of_rows as (
        select
            source_key,
            max(ports) as ports
        from sets
        group by source_key
    )

    select
        of_rows.source_key,
        greatest(of_rows.ports, coalesce(of_lists.ports, 0)) as ports
    from of_rows
    left join of_lists on of_rows.source_key = of_lists.source_key;
