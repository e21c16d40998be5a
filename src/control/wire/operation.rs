//! The 42 operations: number, table of arguments, whether the client waits for an answer.

/// What a request asks for; the order is that of the numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "names of the operations")]
pub enum Operation {
    AddSource,
    RemoveSource,
    ListSources,
    Disconnect,
    AddCollection,
    RemoveCollection,
    ListCollections,
    AddVariable,
    RemoveVariable,
    ListVariables,
    SetCurrentDatetime,
    GetCurrentDatetime,
    AddTimespan,
    RemoveTimespan,
    ListTimespans,
    SetTimespan,
    GetTimespan,
    AddTimestep,
    RemoveTimestep,
    ListTimesteps,
    SetTimestep,
    GetTimestep,
    GetNearestMode,
    SetNearestMode,
    GetDataAlwaysVisibleMode,
    SetDataAlwaysVisibleMode,
    SearchGranules,
    ListVisibleData,
    SetRendering,
    GetRendering,
    GetExtraction,
    AddGranule,
    GetCatalogues,
    ResetCamera,
    ZoomIn,
    ZoomOut,
    SetAltitude,
    LookAt,
    SelectVariable,
    SelectVariableByLabel,
    GetVariableIdentifier,
    CheckSchemaVersion,
}

impl Operation {
    /// All; the index is the number on the wire.
    pub const ALL: [Self; 42] = [
        Self::AddSource,
        Self::RemoveSource,
        Self::ListSources,
        Self::Disconnect,
        Self::AddCollection,
        Self::RemoveCollection,
        Self::ListCollections,
        Self::AddVariable,
        Self::RemoveVariable,
        Self::ListVariables,
        Self::SetCurrentDatetime,
        Self::GetCurrentDatetime,
        Self::AddTimespan,
        Self::RemoveTimespan,
        Self::ListTimespans,
        Self::SetTimespan,
        Self::GetTimespan,
        Self::AddTimestep,
        Self::RemoveTimestep,
        Self::ListTimesteps,
        Self::SetTimestep,
        Self::GetTimestep,
        Self::GetNearestMode,
        Self::SetNearestMode,
        Self::GetDataAlwaysVisibleMode,
        Self::SetDataAlwaysVisibleMode,
        Self::SearchGranules,
        Self::ListVisibleData,
        Self::SetRendering,
        Self::GetRendering,
        Self::GetExtraction,
        Self::AddGranule,
        Self::GetCatalogues,
        Self::ResetCamera,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::SetAltitude,
        Self::LookAt,
        Self::SelectVariable,
        Self::SelectVariableByLabel,
        Self::GetVariableIdentifier,
        Self::CheckSchemaVersion,
    ];

    /// The operation of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Member of the union its arguments come in; 0 for none.
    pub fn arguments(self) -> u8 {
        match self {
            Self::AddSource => 1,
            Self::RemoveSource => 2,
            Self::AddCollection => 3,
            Self::RemoveCollection => 4,
            Self::AddVariable => 5,
            Self::RemoveVariable => 6,
            Self::SetCurrentDatetime => 7,
            Self::AddTimespan => 8,
            Self::RemoveTimespan => 9,
            Self::SetTimespan => 10,
            Self::AddTimestep => 11,
            Self::RemoveTimestep => 12,
            Self::SetTimestep => 13,
            Self::SetNearestMode => 14,
            Self::SetDataAlwaysVisibleMode => 15,
            Self::SearchGranules => 16,
            Self::SetRendering => 17,
            Self::GetRendering => 18,
            Self::AddGranule => 19,
            Self::LookAt => 20,
            Self::SetAltitude => 21,
            Self::SelectVariable => 22,
            Self::SelectVariableByLabel => 23,
            Self::GetVariableIdentifier => 24,
            Self::CheckSchemaVersion => 25,
            _ => 0,
        }
    }

    /// Whether the client waits for exactly one answer. Any other operation gets none: one too many would be taken for
    /// the answer to the next question.
    pub fn is_answered(self) -> bool {
        matches!(
            self,
            Self::ListSources
                | Self::AddCollection
                | Self::ListCollections
                | Self::AddVariable
                | Self::ListVariables
                | Self::GetCurrentDatetime
                | Self::ListTimespans
                | Self::GetTimespan
                | Self::ListTimesteps
                | Self::GetTimestep
                | Self::GetNearestMode
                | Self::GetDataAlwaysVisibleMode
                | Self::SearchGranules
                | Self::ListVisibleData
                | Self::GetRendering
                | Self::GetExtraction
                | Self::GetCatalogues
                | Self::GetVariableIdentifier
                | Self::CheckSchemaVersion
        )
    }
}
