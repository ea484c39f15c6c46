import Storage

package enum ImportMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-101-imports",
            """
            create index directory_area_code on directory_area(code) where code <> '';
            -- what an import knows of an area beside its name
            create table directory_area_fact (
                area_id ID primary key references directory_area(id),
                address TEXT not null,
                -- hundredths of a square metre; null where nobody said it
                floor_hundredths INT64 check (floor_hundredths > 0)
            );
            -- pieces of uploaded and exported files, sealed
            create table directory_part (
                owner_id INT64 not null,
                number INT64 not null,
                bytes_count INT64 not null,
                sealed BYTES not null,
                primary key (owner_id, number)
            );
            create table directory_import (
                id ID primary key,
                kind TEXT not null,
                -- 0 for the command line at the root of the tree
                area_id INT64 not null,
                person_id INT64 not null,
                status INT64 not null,
                file_name TEXT not null,
                file_bytes INT64 not null,
                setup TEXT not null,
                sample BYTES,
                edition INT64 not null,
                pass INT64 not null,
                seen INT64 not null,
                total INT64 not null,
                fresh INT64 not null,
                changed INT64 not null,
                same INT64 not null,
                skipped INT64 not null,
                bad INT64 not null,
                kept INT64 not null,
                fault TEXT not null,
                created_ms INT64 not null,
                touched_ms INT64 not null
            );
            create index directory_import_place on directory_import(area_id, id);
            create index directory_import_touched on directory_import(touched_ms);
            create table directory_import_bad (
                import_id INT64 not null,
                number INT64 not null,
                line INT64 not null,
                field TEXT not null,
                reason TEXT not null,
                sealed BYTES not null,
                primary key (import_id, number)
            );
            create table directory_import_made (
                import_id INT64 not null,
                number INT64 not null,
                what INT64 not null,
                subject_id INT64 not null,
                mark BYTES not null,
                -- why it was not taken back; empty while nobody tried
                kept TEXT not null,
                primary key (import_id, number)
            );
            create table directory_import_mapping (
                id ID primary key,
                area_id INT64 not null,
                kind TEXT not null,
                name TEXT not null,
                setup TEXT not null,
                saved_ms INT64 not null,
                unique (area_id, kind, name)
            );
            """)
    ]
}
