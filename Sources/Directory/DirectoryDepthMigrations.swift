import Storage

/// Later steps of the directory: kinds of organisations, what estates are built for, where areas stood before.
package enum DirectoryDepthMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-020-depth",
            """
            alter table directory_organisation add column kind INT64 not null default 0;
            create index directory_organisation_kind on directory_organisation(area_id, kind);
            alter table directory_area add column project INT64 not null default 0;
            -- where an area stood until it was moved
            create table directory_area_past (
                id ID primary key,
                area_id ID not null references directory_area(id),
                parent_id INT64 not null,
                parent_name TEXT not null,
                path TEXT not null,
                until_ms INT64 not null,
                moved_by INT64 not null
            );
            create unique index directory_area_past_once on directory_area_past(area_id, path);
            """)
    ]
}
