import Foundation

/// The parts of JSON Schema that our schema uses. Returns what is wrong, with the path to it.
struct JSONSchema {
    let root: [String: Any]

    init(file: URL) throws {
        root = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
    }

    func problems(_ value: Any) -> [String] { check(value, root, "$") }

    private func check(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        var schema = schema
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
                return ["\(path): no definition \(name)"]
            }
            schema = target
        }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { return ["\(path): not an object"] }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            var problems = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map {
                "\(path): \($0) is missing"
            }
            for (key, child) in object {
                if let property = properties[key] {
                    problems += check(child, property, "\(path).\(key)")
                } else {
                    problems.append("\(path): \(key) is not in the schema")
                }
            }
            return problems
        case "array":
            guard let array = value as? [Any], let items = schema["items"] as? [String: Any] else {
                return ["\(path): not an array"]
            }
            return array.enumerated().flatMap { check($1, items, "\(path)[\($0)]") }
        case "string":
            guard let text = value as? String else { return ["\(path): not a string"] }
            if let pattern = schema["pattern"] as? String,
                text.range(of: pattern, options: .regularExpression) == nil
            {
                return ["\(path): \(text) does not match \(pattern)"]
            }
            return []
        case "boolean": return value is Bool ? [] : ["\(path): not a boolean"]
        case "integer", "number":
            guard let number = value as? NSNumber else { return ["\(path): not a number"] }
            if schema["type"] as? String == "integer", number.doubleValue != number.doubleValue.rounded() {
                return ["\(path): not an integer"]
            }
            if let minimum = schema["minimum"] as? NSNumber, number.doubleValue < minimum.doubleValue {
                return ["\(path): below \(minimum)"]
            }
            if let maximum = schema["maximum"] as? NSNumber, number.doubleValue > maximum.doubleValue {
                return ["\(path): above \(maximum)"]
            }
            return []
        default: return ["\(path): the schema has no type here"]
        }
    }
}
