-- The number (see source_key) of each source of a named relation (see source_totals)
create or replace macro source_keys(totals) as table
    select
        source_hash,
        source_key(any_value(source_ip)) as source_key
    from query_table(totals)
    group by source_hash;
