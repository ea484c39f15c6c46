import Storage

package enum FindMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-120-find",
            """
            -- what people and places are found by: a term, the place in which it is looked for, whom or what it means
            create table directory_find_person (
                term INT64 not null,
                place_id INT64 not null,
                person_id INT64 not null,
                primary key (term, place_id, person_id)
            ) CLUSTERED;
            -- the same of those who hold a post there: few of the many who have a common name
            create table directory_find_staff (
                term INT64 not null,
                place_id INT64 not null,
                person_id INT64 not null,
                primary key (term, place_id, person_id)
            ) CLUSTERED;
            create table directory_find_area (
                term INT64 not null,
                place_id INT64 not null,
                area_id INT64 not null,
                primary key (term, place_id, area_id)
            ) CLUSTERED;
            -- how far the rows of before are indexed
            create table directory_find_mark (
                what INT64 primary key check (what between 1 and 2),
                edition INT64 not null,
                after_id INT64 not null,
                done FLAG not null
            );
            create table directory_area_name_past (
                area_id ID not null references directory_area(id),
                name TEXT not null,
                until_ms INT64 not null,
                primary key (area_id, name)
            );
            create index directory_area_place on directory_area(path) where level <= 6;
            """)
    ]
}
