//! The JSON schema of product files, made from the types that read them: `Product` is read from a source that gives every
//! field the code asks for and notes what is asked. Descriptions are the comments of the types.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use seaglass_core::product::Product;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::{Map, Value, json};

type Error = de::value::Error;

/// Sources of the types, for their comments.
const SOURCES: [&str; 2] = [include_str!("../../src/core/product.rs"), include_str!("../../src/core/style.rs")];

/// What the fields of the types are, and which one is not given this time.
#[derive(Default)]
struct Notes {
    /// Fields of every type that was read.
    fields: BTreeMap<&'static str, &'static [&'static str]>,
    left_out: Option<(&'static str, &'static str)>,
}

/// One value that is asked for; what is asked is noted.
struct Asked<'a> {
    schema: &'a mut Value,
    notes: Rc<RefCell<Notes>>,
}

impl Asked<'_> {
    fn is(self, kind: &str) {
        *self.schema = json!({ "type": kind });
    }
}

macro_rules! plain {
    ($($method:ident $kind:literal $visit:ident $value:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.is($kind);
            visitor.$visit($value)
        }
    )* };
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    plain! {
        deserialize_bool "boolean" visit_bool false;
        deserialize_i32 "integer" visit_i32 0;
        deserialize_i64 "integer" visit_i64 0;
        deserialize_u32 "integer" visit_u32 0;
        deserialize_u64 "integer" visit_u64 0;
        deserialize_f32 "number" visit_f32 0.0;
        deserialize_f64 "number" visit_f64 0.0;
        deserialize_str "string" visit_str "";
        deserialize_string "string" visit_str "";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut item = Value::Null;
        let value = visitor.visit_seq(Items { left: 1, schema: &mut item, notes: self.notes })?;
        *self.schema = json!({ "type": "array", "items": item });
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let mut item = Value::Null;
        let value = visitor.visit_seq(Items { left: len, schema: &mut item, notes: self.notes })?;
        *self.schema = json!({ "type": "array", "items": item, "minItems": len, "maxItems": len });
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut entry = Map::new();
        let value = visitor.visit_map(Fields { names: &["any"], at: 0, schemas: &mut entry, notes: self.notes })?;
        *self.schema = json!({ "type": "object", "additionalProperties": entry.remove("any") });
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let given: Vec<&'static str> = {
            let mut notes = self.notes.borrow_mut();
            notes.fields.insert(name, fields);
            fields.iter().copied().filter(|f| notes.left_out != Some((name, *f))).collect()
        };
        let mut schemas = Map::new();
        let value = visitor.visit_map(Fields { names: &given, at: 0, schemas: &mut schemas, notes: self.notes })?;
        for (field, schema) in &mut schemas {
            schema["description"] = comment(name, field).into();
        }
        *self.schema = json!({ "type": "object", "title": name, "properties": schemas, "additionalProperties": false });
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.schema = json!({ "enum": variants });
        visitor.visit_enum(First(variants[0]))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("a type of product files asks for something that the schema has no words for"))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 char bytes byte_buf unit unit_struct newtype_struct tuple_struct ignored_any
    }
}

struct Items<'a> {
    left: usize,
    schema: &'a mut Value,
    notes: Rc<RefCell<Notes>>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(Asked { schema: self.schema, notes: Rc::clone(&self.notes) }).map(Some)
    }
}

struct Fields<'a> {
    names: &'a [&'static str],
    at: usize,
    schemas: &'a mut Map<String, Value>,
    notes: Rc<RefCell<Notes>>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.get(self.at) else { return Ok(None) };
        seed.deserialize(de::value::StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let schema = self.schemas.entry(self.names[self.at]).or_insert(Value::Null);
        self.at += 1;
        seed.deserialize(Asked { schema, notes: Rc::clone(&self.notes) })
    }
}

/// The first variant of an enumeration of names.
struct First(&'static str);

impl<'de> EnumAccess<'de> for First {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Error> {
        Ok((seed.deserialize(de::value::StrDeserializer::new(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for First {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Error> {
        Err(de::Error::custom("an enumeration of product files has values with contents"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("an enumeration of product files has values with contents"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _f: &'static [&'static str], _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("an enumeration of product files has values with contents"))
    }
}

/// The comment above a field of a type.
fn comment(of: &str, field: &str) -> String {
    let all = SOURCES.iter().find_map(|s| s.split_once(&format!("pub struct {of} {{\n")));
    let (_, body) = all.unwrap_or_else(|| panic!("{of} is in none of the sources of the schema"));
    let mut text = Vec::new();
    let mut renamed = false;
    for line in body.lines().map(str::trim).take_while(|l| *l != "}") {
        if let Some(words) = line.strip_prefix("/// ") {
            text.push(words);
        } else if line.starts_with("#[serde(") {
            renamed |= line.contains(&format!("rename = \"{field}\""));
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|l| l.split_once(':')) {
            if renamed || name == field {
                return text.join(" ");
            }
            text.clear();
            renamed = false;
        }
    }
    panic!("{of}.{field} has no comment")
}

fn read(left_out: Option<(&'static str, &'static str)>) -> (Result<Product, Error>, Value, Notes) {
    let notes = Rc::new(RefCell::new(Notes { left_out, ..Notes::default() }));
    let mut schema = Value::Null;
    let read = Product::deserialize(Asked { schema: &mut schema, notes: Rc::clone(&notes) });
    (read, schema, notes.take())
}

/// Adds to every type the fields without which it cannot be read.
fn require(schema: &mut Value, of: &str, field: &str) {
    if schema["title"] == of {
        let list = schema.as_object_mut().unwrap().entry("required").or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(field.into());
    }
    match schema {
        Value::Object(map) => map.values_mut().for_each(|v| require(v, of, field)),
        Value::Array(list) => list.iter_mut().for_each(|v| require(v, of, field)),
        _ => {}
    }
}

/// The schema (draft 2020-12) as text.
pub fn of_products() -> String {
    let (product, mut schema, notes) = read(None);
    product.expect("the types of product files can be read from what they ask for");
    for (of, fields) in notes.fields {
        for field in fields {
            if read(Some((of, field))).0.is_err() {
                require(&mut schema, of, field);
            }
        }
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["description"] = "A product file of Seaglass (readers/README.md). Generated by `cargo xtask docgen`.".into();
    format!("{schema:#}\n")
}

/// Where a value does not fit a schema, by the few words of JSON Schema used here; independent of the types.
pub fn misfits(value: &Value, schema: &Value, at: &str, out: &mut Vec<String>) {
    if let Some(names) = schema["enum"].as_array() {
        if !names.contains(value) {
            out.push(format!("{at}: {value} is none of {names:?}"));
        }
        return;
    }
    match (schema["type"].as_str(), value) {
        (Some("object"), Value::Object(map)) => {
            for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(required) {
                    out.push(format!("{at}: {required} is missing"));
                }
            }
            for (key, inner) in map {
                let place = format!("{at}.{key}");
                match (schema["properties"].get(key), &schema["additionalProperties"]) {
                    (Some(known), _) => misfits(inner, known, &place, out),
                    (None, any @ Value::Object(_)) => misfits(inner, any, &place, out),
                    (None, _) => out.push(format!("{place} is unknown")),
                }
            }
        }
        (Some("array"), Value::Array(items)) => {
            let n = items.len() as u64;
            if schema["minItems"].as_u64().is_some_and(|m| n < m) || schema["maxItems"].as_u64().is_some_and(|m| n > m)
            {
                out.push(format!("{at} has {n} items"));
            }
            items.iter().for_each(|item| misfits(item, &schema["items"], at, out));
        }
        (Some("string"), Value::String(_)) | (Some("boolean"), Value::Bool(_)) | (Some("number"), Value::Number(_)) => {
        }
        (Some("integer"), Value::Number(n)) if n.is_i64() || n.is_u64() => {}
        (kind, other) => out.push(format!("{at}: {other} is not of the type {kind:?}")),
    }
}
