#if Lint
    import Yams

    extension Catalogue {
        /// The entries that come with the linter.
        ///
        /// - Throws: ``CatalogueError``; a test reads them all, so users never see it.
        public static func builtIn() throws(CatalogueError) -> Catalogue {
            var catalogue = Catalogue()
            for (name, bytes) in [
                ("waits.yml", PackageResources.waits_yml), ("files.yml", PackageResources.files_yml),
                ("cpu.yml", PackageResources.cpu_yml), ("locks.yml", PackageResources.locks_yml),
                ("contexts.yml", PackageResources.contexts_yml),
            ] {
                try catalogue.add(yaml: String(decoding: bytes, as: UTF8.self), from: name)
            }
            return catalogue
        }

        /// Adds the entries of a file; its own come before those that are there.
        ///
        /// - Throws: ``CatalogueError`` naming the file and what is wrong in it.
        public mutating func add(yaml: String, from file: String) throws(CatalogueError) {
            let document: Document
            do { document = try YAMLDecoder().decode(Document.self, from: yaml) } catch {
                throw CatalogueError("\(file) is not a catalogue: \(error)")
            }
            try add(document, from: file)
        }
    }
#endif
