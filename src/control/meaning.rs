//! What each request means for the application: a command, or a look at the session.

mod catalogue;
mod granules;

pub use granules::granule_name;

use std::sync::Arc;

use seaglass_core::command::Command;
use seaglass_core::geo::LonLat;
use seaglass_core::notebook::{NotebookChange, VariableKey};
use seaglass_core::session::{CommandError, Session};
use seaglass_core::time::Time;

use crate::calls::{Call, What};
use crate::frames::Asked;
use crate::wire::{Extraction, Reply, Request};

/// Zooming in by one step; zooming out undoes it exactly.
const ZOOM: f64 = 0.8;
/// End of the year 9999, seconds since 1970.
const LAST_SECOND: u64 = (Time::LAST.micros() / 1_000_000) as u64;

/// The application as requests see it.
pub trait Application {
    /// The state.
    fn session(&self) -> &Session;

    /// Carries out a command at once.
    ///
    /// # Errors
    /// The command's own; nothing has changed then.
    fn apply(&mut self, command: Command) -> Result<(), CommandError>;

    /// What was extracted last.
    fn extraction(&self) -> Arc<Vec<Extraction>>;

    /// A request of our own protocol; without an answer the client is told that nothing came of it.
    fn ask(&mut self, asked: Asked) {
        drop(asked);
    }
}

/// Carries out one request and answers it. Commands that fail without anybody waiting are logged and told to the user by
/// the application.
pub fn carry_out(application: &mut impl Application, call: Call) {
    let (request, reply) = match call.what {
        What::Operation(request, reply) => (request, reply),
        What::Ask(asked) => return application.ask(*asked),
    };
    let operation = request.operation();
    let result = answer(application, request);
    if let Err(CommandError(why)) = &result {
        log::warn!("{operation:?}: {why}");
    }
    if let Some(to) = reply {
        match result {
            Ok(Some(reply)) => to.send(reply),
            Ok(None) => drop(to),
            Err(CommandError(why)) => to.send(Reply::refusal(operation, &why).unwrap_or(Reply::Nothing)),
        }
    }
}

type Answer = Result<Option<Reply>, CommandError>;

fn answer(app: &mut impl Application, request: Request) -> Answer {
    let operation = request.operation();
    let found = match request {
        Request::AddSource(source) => change(app, NotebookChange::AddSource { source }),
        Request::RemoveSource(id) => change(app, NotebookChange::RemoveSource { id }),
        Request::AddCollection(collection) => change(app, NotebookChange::AddCollection { collection }),
        Request::RemoveCollection(key) => change(app, NotebookChange::RemoveCollection { key }),
        Request::AddVariable(of, variable) => change(app, NotebookChange::AddVariable { of, variable }),
        Request::RemoveVariable(key) => change(app, NotebookChange::RemoveVariable { key }),
        Request::AddGranule(granule) => change(app, NotebookChange::AddGranule { granule }),
        Request::AddTimespan(span) => change(app, NotebookChange::AddTimespan { span }),
        Request::RemoveTimespan(label) => change(app, NotebookChange::RemoveTimespan { label }),
        Request::AddTimestep(step) => change(app, NotebookChange::AddTimestep { step }),
        Request::RemoveTimestep(label) => change(app, NotebookChange::RemoveTimestep { label }),
        Request::SetTimespan(label) => act(app, Command::ChooseTimespan { label }),
        Request::SetTimestep(label) => act(app, Command::ChooseTimestep { label }),
        Request::SetNearestMode(on) => act(app, Command::ShowNearest { on }),
        Request::SetDataAlwaysVisibleMode(on) => act(app, Command::ShowAlways { on }),
        Request::SetCurrentDatetime(seconds) => {
            let seconds = seconds.min(LAST_SECOND) as i64;
            act(app, Command::SetTime { now: Time::from_micros(seconds * 1_000_000) })
        }
        Request::SetRendering(key, rendering) => {
            let (collection, field) = named(app.session(), key)?;
            act(app, Command::SetRendering { collection, field, rendering })
        }
        Request::SelectVariable { id, selected, exclusive } => {
            let (collection, field) = named(app.session(), id)?;
            act(app, Command::SelectField { collection, field, selected, exclusive })
        }
        Request::SelectVariableByLabel { collection, variable, selected, exclusive } => {
            let key = catalogue::by_label(app.session(), &collection, &variable)
                .ok_or_else(|| CommandError(format!("There is no \"{variable}\" in \"{collection}\".")))?;
            let (collection, field) = named(app.session(), key)?;
            act(app, Command::SelectField { collection, field, selected, exclusive })
        }
        Request::ResetCamera => act(app, Command::ResetCamera),
        Request::ZoomIn => act(app, Command::Zoom { factor: ZOOM }),
        Request::ZoomOut => act(app, Command::Zoom { factor: 1.0 / ZOOM }),
        Request::SetAltitude(metres) => act(app, Command::SetAltitude { altitude_m: f64::from(metres) }),
        Request::LookAt(lon, lat) => look_at(app, lon, lat),
        Request::Disconnect => Ok(()),
        question => return Ok(look(app, question)),
    };
    found.map(|()| operation.is_answered().then_some(Reply::Basic(Ok(()))))
}

fn act(app: &mut impl Application, command: Command) -> Result<(), CommandError> {
    app.apply(command)
}

fn change(app: &mut impl Application, change: NotebookChange) -> Result<(), CommandError> {
    app.apply(Command::Notebook { change })
}

fn look_at(app: &mut impl Application, lon: f32, lat: f32) -> Result<(), CommandError> {
    let place = LonLat::new(f64::from(lon), f64::from(lat).clamp(-90.0, 90.0));
    app.apply(Command::LookAt { place: place.normalized(), altitude_m: None })
}

/// Names of a variable given by numbers.
fn named(session: &Session, key: VariableKey) -> Result<(String, String), CommandError> {
    session.notebook().field_of(key).ok_or_else(|| {
        let VariableKey { of, variable } = key;
        CommandError(format!("There is no variable {}:{}:{variable}.", of.source, of.collection))
    })
}

/// Questions, which change nothing.
fn look(app: &impl Application, request: Request) -> Option<Reply> {
    let session = app.session();
    let timeline = &session.project().timeline;
    Some(match request {
        Request::ListSources => Reply::Sources(session.notebook().sources().cloned().collect()),
        Request::ListCollections => Reply::Collections(catalogue::collections(session)),
        Request::ListVariables => {
            Reply::Variables(catalogue::collections(session).into_iter().flat_map(|c| c.variables).collect())
        }
        Request::GetCatalogues => {
            Reply::Catalogues(session.notebook().sources().cloned().collect(), catalogue::collections(session))
        }
        Request::GetCurrentDatetime => Reply::Datetime(timeline.now.micros().div_euclid(1_000_000).max(0) as u64),
        Request::ListTimespans => Reply::Timespans(with(session.notebook().spans(), session.timespan())),
        Request::GetTimespan => Reply::Timespan(session.timespan()),
        Request::ListTimesteps => Reply::Timesteps(with(session.notebook().steps(), session.timestep())),
        Request::GetTimestep => Reply::Timestep(session.timestep()),
        Request::GetNearestMode => Reply::Active(timeline.nearest),
        Request::GetDataAlwaysVisibleMode => Reply::Active(timeline.always),
        Request::SearchGranules(search) => Reply::Granules(granules::search(session, &search)),
        Request::ListVisibleData => Reply::Visible(granules::visible(session)),
        Request::GetRendering(key) => {
            let names = session.notebook().field_of(key);
            let found = names.and_then(|(collection, field)| session.rendering_of(&collection, &field));
            Reply::Rendering(found.map(|r| (key, r)))
        }
        Request::GetExtraction => Reply::Extraction(app.extraction()),
        Request::GetVariableIdentifier(collection, variable) => {
            Reply::Identifier(catalogue::by_label(session, &collection, &variable))
        }
        Request::CheckSchemaVersion(theirs) => Reply::SchemaVersion(theirs),
        other => {
            log::error!("{:?} is no question.", other.operation());
            return None;
        }
    })
}

/// The names, with what is in use among them even when it has no name of its own.
fn with<T: Clone + PartialEq>(named: &[T], current: T) -> Vec<T> {
    let mut all = named.to_vec();
    if !all.contains(&current) {
        all.push(current);
    }
    all
}
