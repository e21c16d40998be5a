//! Requests, decoded.

use std::sync::Arc;

use seaglass_core::notebook::{
    CollectionKey, NamedSpan, NamedStep, Rendering, SourceInfo, UserCollection, UserGranule, UserVariable, VariableKey,
};

use super::operation::Operation;
use super::read::Message;
use super::request_data as data;

/// One request. Numbers are as they came: what makes no sense is refused where it would be used.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Adds a source.
    AddSource(SourceInfo),
    /// Removes a source with all it holds.
    RemoveSource(u32),
    /// Asks for the sources.
    ListSources,
    /// Ends the connection.
    Disconnect,
    /// Adds a collection.
    AddCollection(UserCollection),
    /// Removes a collection with all it holds.
    RemoveCollection(CollectionKey),
    /// Asks for the collections.
    ListCollections,
    /// Adds a variable to a collection.
    AddVariable(CollectionKey, UserVariable),
    /// Removes a variable.
    RemoveVariable(VariableKey),
    /// Asks for all variables.
    ListVariables,
    /// Sets the clock, seconds since 1970.
    SetCurrentDatetime(u64),
    /// Asks for the clock.
    GetCurrentDatetime,
    /// Names a time window.
    AddTimespan(NamedSpan),
    /// Forgets a name.
    RemoveTimespan(String),
    /// Asks for the names.
    ListTimespans,
    /// Chooses a time window by name.
    SetTimespan(String),
    /// Asks for the time window.
    GetTimespan,
    /// Names a step.
    AddTimestep(NamedStep),
    /// Forgets a name.
    RemoveTimestep(String),
    /// Asks for the names.
    ListTimesteps,
    /// Chooses a step by name.
    SetTimestep(String),
    /// Asks for the step.
    GetTimestep,
    /// Asks whether the nearest granules are shown when none is in the window.
    GetNearestMode,
    /// Sets it.
    SetNearestMode(bool),
    /// Asks whether granules are shown whatever their time.
    GetDataAlwaysVisibleMode,
    /// Sets it.
    SetDataAlwaysVisibleMode(bool),
    /// Asks for granules.
    SearchGranules(Search),
    /// Asks for the granules shown now.
    ListVisibleData,
    /// Says how a variable is drawn.
    SetRendering(VariableKey, Rendering),
    /// Asks how a variable is drawn.
    GetRendering(VariableKey),
    /// Asks for the last extraction.
    GetExtraction,
    /// Adds a granule, or replaces the one of the same numbers.
    AddGranule(Arc<UserGranule>),
    /// Asks for sources and collections.
    GetCatalogues,
    /// The view of the beginning.
    ResetCamera,
    /// One step nearer.
    ZoomIn,
    /// One step away.
    ZoomOut,
    /// Distance of the camera from the ground, metres.
    SetAltitude(f32),
    /// Longitude and latitude of the middle of the view, degrees.
    LookAt(f32, f32),
    /// Chooses or drops a variable.
    SelectVariable {
        /// Which.
        id: VariableKey,
        /// Chosen.
        selected: bool,
        /// All others are dropped.
        exclusive: bool,
    },
    /// The same by names.
    SelectVariableByLabel {
        /// Name of the collection.
        collection: String,
        /// Name of the variable.
        variable: String,
        /// Chosen.
        selected: bool,
        /// All others are dropped.
        exclusive: bool,
    },
    /// Asks for the numbers of a variable.
    GetVariableIdentifier(String, String),
    /// Asks whether this version of the schema is understood.
    CheckSchemaVersion(u32),
}

/// What a search asks for, in seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Stands for the clock.
    pub current_s: u64,
    /// Begin.
    pub start_s: u64,
    /// End.
    pub stop_s: u64,
    /// Altitude of the camera the search shall assume, metres.
    pub altitude_m: f32,
    /// Where to look.
    pub collections: Vec<CollectionKey>,
}

/// A request that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The request is left out: {why}.")]
pub struct Refused {
    /// Which operation it asked for, when that much can be read.
    pub operation: Option<Operation>,
    /// Why.
    pub why: String,
}

impl Refused {
    pub(super) fn unreadable(why: impl Into<String>) -> Self {
        Self { operation: None, why: why.into() }
    }
}

impl Request {
    /// Reads a message.
    ///
    /// # Errors
    /// The bytes are no message of a known operation, or its arguments are missing. The operation is named when it could
    /// be read, so that a waiting client can be answered all the same.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let mut m = Message::new(bytes);
        let root = m.root()?;
        let number = m.u8(root, 0)?;
        let Some(operation) = Operation::from_number(number) else {
            return Err(Refused::unreadable(format!("there is no operation {number}")));
        };
        Self::arguments(&mut m, root, operation).map_err(|e| Refused { operation: Some(operation), why: e.why })
    }

    fn arguments(m: &mut Message<'_>, root: super::read::Table, operation: Operation) -> Result<Self, Refused> {
        use Operation as O;
        let wanted = operation.arguments();
        if wanted == 0 {
            return Self::without_arguments(operation).ok_or_else(|| Refused::unreadable("it has no arguments"));
        }
        let kind = m.u8(root, 1)?;
        if kind != wanted {
            return Err(Refused::unreadable(format!("its arguments are of kind {kind} instead of {wanted}")));
        }
        let a = m.table(root, 2)?.ok_or_else(|| Refused::unreadable("it has no arguments"))?;
        Ok(match operation {
            O::AddSource => Self::AddSource(data::source(m, a)?),
            O::RemoveSource => Self::RemoveSource(m.u32(a, 0)?),
            O::AddCollection => Self::AddCollection(data::collection(m, a)?),
            O::RemoveCollection => Self::RemoveCollection(data::id(m, a, 0)?.of.of),
            O::AddVariable => {
                let t = data::needed(m.table(a, 1)?, "variable")?;
                Self::AddVariable(data::id(m, a, 0)?.of.of, data::variable(m, t)?)
            }
            O::RemoveVariable => Self::RemoveVariable(data::id(m, a, 0)?.of),
            O::SetCurrentDatetime => Self::SetCurrentDatetime(m.u64(a, 0)?),
            O::AddTimespan => Self::AddTimespan(data::timespan(m, a)?),
            O::RemoveTimespan => Self::RemoveTimespan(data::label(m, a, 0)?),
            O::SetTimespan => Self::SetTimespan(data::label(m, a, 0)?),
            O::AddTimestep => Self::AddTimestep(data::timestep(m, a)?),
            O::RemoveTimestep => Self::RemoveTimestep(data::label(m, a, 0)?),
            O::SetTimestep => Self::SetTimestep(data::label(m, a, 0)?),
            O::SetNearestMode => Self::SetNearestMode(m.bool(a, 0)?),
            O::SetDataAlwaysVisibleMode => Self::SetDataAlwaysVisibleMode(m.bool(a, 0)?),
            O::SearchGranules => Self::SearchGranules(data::search(m, a)?),
            O::SetRendering => {
                let (of, rendering) = data::rendering(m, a)?;
                Self::SetRendering(of, rendering)
            }
            O::GetRendering => Self::GetRendering(data::variable_id(m, a, 0)?),
            O::AddGranule => Self::AddGranule(Arc::new(data::granule(m, a)?)),
            O::LookAt => Self::LookAt(m.f32(a, 0)?, m.f32(a, 1)?),
            O::SetAltitude => Self::SetAltitude(m.f32(a, 0)?),
            O::SelectVariable => Self::SelectVariable {
                id: data::variable_id(m, a, 0)?,
                selected: m.bool(a, 1)?,
                exclusive: m.bool(a, 2)?,
            },
            O::SelectVariableByLabel => Self::SelectVariableByLabel {
                collection: data::label(m, a, 0)?,
                variable: data::label(m, a, 1)?,
                selected: m.bool(a, 2)?,
                exclusive: m.bool(a, 3)?,
            },
            O::GetVariableIdentifier => Self::GetVariableIdentifier(data::label(m, a, 0)?, data::label(m, a, 1)?),
            O::CheckSchemaVersion => Self::CheckSchemaVersion(m.u32(a, 0)?),
            _ => return Err(Refused::unreadable("its arguments are not known")),
        })
    }

    fn without_arguments(operation: Operation) -> Option<Self> {
        Some(match operation {
            Operation::ListSources => Self::ListSources,
            Operation::Disconnect => Self::Disconnect,
            Operation::ListCollections => Self::ListCollections,
            Operation::ListVariables => Self::ListVariables,
            Operation::GetCurrentDatetime => Self::GetCurrentDatetime,
            Operation::ListTimespans => Self::ListTimespans,
            Operation::GetTimespan => Self::GetTimespan,
            Operation::ListTimesteps => Self::ListTimesteps,
            Operation::GetTimestep => Self::GetTimestep,
            Operation::GetNearestMode => Self::GetNearestMode,
            Operation::GetDataAlwaysVisibleMode => Self::GetDataAlwaysVisibleMode,
            Operation::ListVisibleData => Self::ListVisibleData,
            Operation::GetExtraction => Self::GetExtraction,
            Operation::GetCatalogues => Self::GetCatalogues,
            Operation::ResetCamera => Self::ResetCamera,
            Operation::ZoomIn => Self::ZoomIn,
            Operation::ZoomOut => Self::ZoomOut,
            _ => return None,
        })
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        use Operation as O;
        match self {
            Self::AddSource(_) => O::AddSource,
            Self::RemoveSource(_) => O::RemoveSource,
            Self::ListSources => O::ListSources,
            Self::Disconnect => O::Disconnect,
            Self::AddCollection(_) => O::AddCollection,
            Self::RemoveCollection(_) => O::RemoveCollection,
            Self::ListCollections => O::ListCollections,
            Self::AddVariable(..) => O::AddVariable,
            Self::RemoveVariable(_) => O::RemoveVariable,
            Self::ListVariables => O::ListVariables,
            Self::SetCurrentDatetime(_) => O::SetCurrentDatetime,
            Self::GetCurrentDatetime => O::GetCurrentDatetime,
            Self::AddTimespan(_) => O::AddTimespan,
            Self::RemoveTimespan(_) => O::RemoveTimespan,
            Self::ListTimespans => O::ListTimespans,
            Self::SetTimespan(_) => O::SetTimespan,
            Self::GetTimespan => O::GetTimespan,
            Self::AddTimestep(_) => O::AddTimestep,
            Self::RemoveTimestep(_) => O::RemoveTimestep,
            Self::ListTimesteps => O::ListTimesteps,
            Self::SetTimestep(_) => O::SetTimestep,
            Self::GetTimestep => O::GetTimestep,
            Self::GetNearestMode => O::GetNearestMode,
            Self::SetNearestMode(_) => O::SetNearestMode,
            Self::GetDataAlwaysVisibleMode => O::GetDataAlwaysVisibleMode,
            Self::SetDataAlwaysVisibleMode(_) => O::SetDataAlwaysVisibleMode,
            Self::SearchGranules(_) => O::SearchGranules,
            Self::ListVisibleData => O::ListVisibleData,
            Self::SetRendering(..) => O::SetRendering,
            Self::GetRendering(_) => O::GetRendering,
            Self::GetExtraction => O::GetExtraction,
            Self::AddGranule(_) => O::AddGranule,
            Self::GetCatalogues => O::GetCatalogues,
            Self::ResetCamera => O::ResetCamera,
            Self::ZoomIn => O::ZoomIn,
            Self::ZoomOut => O::ZoomOut,
            Self::SetAltitude(_) => O::SetAltitude,
            Self::LookAt(..) => O::LookAt,
            Self::SelectVariable { .. } => O::SelectVariable,
            Self::SelectVariableByLabel { .. } => O::SelectVariableByLabel,
            Self::GetVariableIdentifier(..) => O::GetVariableIdentifier,
            Self::CheckSchemaVersion(_) => O::CheckSchemaVersion,
        }
    }
}
