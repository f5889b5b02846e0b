-- Addresses that 90 % of a sensor's at least 20 blocked inbound lines of a day share, of a relation (destination_days)
create or replace macro own_address_days(destinations) as table
    with blocked as (
        select
            day,
            sensor,
            destination_ip as address,
            contains(destination_ip, ':') as is_ipv6,
            sum(events) as events
        from query_table(destinations)
        where
            action in ('block', 'reject')
            and coalesce(direction, 'inbound') = 'inbound'
            and destination_ip is not null
            and coalesce(destination_scope, 'public') not in (
                'broadcast', 'multicast', 'link_local', 'loopback', 'unspecified'
            )
        group by day, sensor, destination_ip
    ),

    -- Each family has an address of its own, and a line's address may be another every day.
    of_days as (
        select
            day,
            sensor,
            address,
            cast(events as bigint) as events,
            cast(sum(events) over (partition by sensor, day, is_ipv6) as bigint) as family_events
        from blocked
    )

    select *
    from of_days
    where family_events >= 20 and events >= 0.9 * family_events;
