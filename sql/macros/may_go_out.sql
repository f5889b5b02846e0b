-- Whether a line is of a blocked packet that went out, or may have: one that no interface says to have come in
create or replace macro may_go_out(action, direction, destination_scope) as
action in ('block', 'reject')
and (direction is distinct from 'inbound' and destination_scope = 'public' or direction = 'outbound');
