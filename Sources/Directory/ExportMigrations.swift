import Storage

package enum ExportMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-130-exports",
            """
            -- long lists on their way into files; the rows are pieces in directory_part
            create table directory_export (
                id ID primary key,
                list TEXT not null,
                person_id INT64 not null,
                -- 0 for a person with all of their posts
                post_id INT64 not null,
                language TEXT not null,
                status INT64 not null check (status between 0 and 3),
                -- filters, sealed, and their digest
                asked BYTES not null,
                digest BYTES not null,
                rows_count INT64 not null,
                parts INT64 not null,
                next_cursor TEXT not null,
                fault TEXT not null,
                created_ms INT64 not null
            );
            create index directory_export_person on directory_export(person_id, id);
            create index directory_export_busy on directory_export(id) where status < 2;
            create index directory_export_created on directory_export(created_ms);
            """)
    ]
}
