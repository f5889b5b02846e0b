-- A path as a pattern that matches only itself: *, ? and [ in the names of folders are no wildcards
create or replace macro literal_path(path) as
regexp_replace(path, '([*?\[])', '[\1]', 'g');
