-- Different ports of each source of a named relation of facts: where a row has more than 16, the most that one has
create or replace macro different_ports(facts) as table
    select
        source_key,
        ports
    from port_sets(facts);
