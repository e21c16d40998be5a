//! The codec against `assets/schema/control.fbs`: numbers of operations and of their arguments.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use seaglass_control::wire::Operation;

fn schema() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/schema/control.fbs");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|l| l.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// What stands between the braces of a definition.
fn body<'a>(schema: &'a str, name: &str) -> &'a str {
    let start = schema.find(name).unwrap();
    let rest = &schema[start..];
    &rest[rest.find('{').unwrap() + 1..rest.find('}').unwrap()]
}

#[test]
fn operations_have_the_numbers_of_the_schema() {
    let schema = schema();
    let told: Vec<(String, u8)> = body(&schema, "enum OpCode")
        .split(',')
        .filter_map(|e| e.split_once('='))
        .map(|(name, number)| (name.trim().to_lowercase(), number.trim().parse().unwrap()))
        .collect();
    assert_eq!(told.len(), Operation::ALL.len());
    for (name, number) in told {
        let operation = Operation::from_number(number).unwrap();
        assert_eq!(format!("{operation:?}").to_lowercase(), name);
    }
    assert_eq!(Operation::from_number(42), None);
}

#[test]
fn arguments_are_the_members_of_the_union() {
    let schema = schema();
    let members: Vec<&str> =
        body(&schema, "union CommandPayload").split(',').map(str::trim).filter(|m| !m.is_empty()).collect();
    assert_eq!(members.len(), 25);
    for operation in Operation::ALL {
        let wanted = members.iter().position(|m| **m == format!("{operation:?}")).map_or(0, |k| k + 1);
        assert_eq!(usize::from(operation.arguments()), wanted, "{operation:?}");
    }
}
