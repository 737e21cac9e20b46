/// What single files show without an index.
enum DirectFindings {
    static func find(in files: [SourceFacts], catalogue: Catalogue, tiers: Set<Catalogue.Tier>) -> [Finding] { [] }
}
