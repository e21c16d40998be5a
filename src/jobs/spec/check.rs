//! What the types of a job alone cannot say.

use seaglass_coloc::Reference;

use super::{
    Form, JobSpec, MAX_RADIUS_M, MAX_WINDOW_US, MetricSpec, Names, OutputFormat, PolicyKind, PolicySpec, identifier,
    side_time,
};
use crate::error::{JobError, Result};
use crate::units;

/// Half an orbit takes some 50 minutes; what is connected over much less is one pass.
const MAX_PASS_GAP_US: i64 = 600_000_000;

impl JobSpec {
    /// What the types alone cannot say.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(JobError::Spec(text));
        if self.sides.len() < 2 {
            return wrong("A job needs two sides: write [[side]] twice, with name and files.".to_owned());
        }
        for (k, side) in self.sides.iter().enumerate() {
            if side.name.is_empty() {
                return wrong(format!("Side {} has an empty name; give each side a name of its own.", k + 1));
            }
            if self.sides[..k].iter().any(|s| s.name == side.name) {
                return wrong(format!("Two sides are called \"{}\"; give each side a name of its own.", side.name));
            }
            if side.files.is_empty() {
                return wrong(format!("The side \"{}\" names no files.", side.name));
            }
            let _range = side_time(side)?;
        }
        if let Some(name) = &self.primary
            && !self.sides.iter().any(|s| s.name == *name)
        {
            let names: Vec<&str> = self.sides.iter().map(|s| s.name.as_str()).collect();
            return wrong(format!("There is no side \"{name}\" to be primary; the sides are {}.", names.join(", ")));
        }
        if self.radius.is_empty() && !self.policy.kind.has_own_radius() {
            return wrong("The job says no radius; write the greatest distance, as radius = \"25 km\".".to_owned());
        }
        let (radius, window) = (self.radius_m()?, self.window_us()?);
        if !(0.0..=MAX_RADIUS_M).contains(&radius) {
            return wrong(format!(
                "A radius of {} cannot be: distances on the Earth lie between 0 and 20004 km.",
                self.radius
            ));
        }
        if !(0..=MAX_WINDOW_US).contains(&window) {
            return wrong(format!("A window of {} cannot be: it must lie between 0 s and 3653 d.", self.window));
        }
        if let MetricSpec::Sphere { sphere_m } = self.metric
            && !(1e3..=1e8).contains(&sphere_m)
        {
            return wrong(format!("A sphere of {sphere_m} m is no Earth; write 6371008.7714."));
        }
        self.check_policy()?;
        self.check_output()?;
        if let Some(text) = &self.run.memory {
            units::bytes(text).map_err(|e| JobError::Spec(format!("run.memory: {e}.")))?;
        }
        if let Some(text) = &self.run.slab
            && units::duration_us(text).map_err(|e| JobError::Spec(format!("run.slab: {e}.")))? <= 0
        {
            return wrong("run.slab must be longer than nothing.".to_owned());
        }
        Ok(())
    }

    fn check_output(&self) -> Result<()> {
        let wrong = |text: String| Err(JobError::Spec(text));
        let formats = self.formats()?;
        if self.output.names == Names::Mdb {
            for (k, side) in self.sides.iter().enumerate() {
                let name = identifier(&side.name);
                if let Some(other) = self.sides[..k].iter().find(|s| identifier(&s.name) == name) {
                    return wrong(format!(
                        "The sides \"{}\" and \"{}\" would both be called {name}; with names = \"mdb\" give them names \
                         that differ in letters or digits.",
                        other.name, side.name
                    ));
                }
            }
        }
        if self.output.form == Form::Flat {
            return Ok(());
        }
        let pairs = matches!(self.policy.kind, PolicyKind::All | PolicyKind::Nearest | PolicyKind::Mutual);
        if !pairs || self.sides.len() != 2 {
            return wrong(
                "form = \"compact\" is for pairs of rows of two sides (all, nearest, mutual); leave it out here."
                    .to_owned(),
            );
        }
        if self.output.names == Names::Mdb {
            return wrong("form = \"compact\" has groups in place of names = \"mdb\"; choose one.".to_owned());
        }
        if !formats.iter().any(|f| f.0 == OutputFormat::Netcdf) {
            return wrong(
                "form = \"compact\" is a form of netCDF files; end output.path in .nc, or add \"netcdf\" to \
                 output.formats."
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_policy(&self) -> Result<()> {
        let wrong = |text: &str| Err(JobError::Spec(text.to_owned()));
        let p = &self.policy;
        self.check_no_other_policy()?;
        if p.k == 0 || p.k > 10_000 {
            return wrong("policy.k must lie between 1 and 10000.");
        }
        if p.kind == PolicyKind::Box && (p.size.is_multiple_of(2) || !(1..=101).contains(&p.size)) {
            return wrong(
                "policy.size must be odd and at most 101, so that the nearest cell is the middle of the box.",
            );
        }
        if p.kind == PolicyKind::Weighted && p.sd.is_none() && p.power.is_none() {
            return wrong("The policy weighted needs sd (\"10 km\"), or power for inverse distance.");
        }
        if let Some(sd) = &p.sd
            && units::length_m(sd).map_err(|e| JobError::Spec(format!("policy.sd: {e}.")))? <= 0.0
        {
            return wrong("policy.sd must be longer than nothing.");
        }
        if let Some(sd) = &p.sd_time
            && units::duration_us(sd).map_err(|e| JobError::Spec(format!("policy.sd_time: {e}.")))? <= 0
        {
            return wrong("policy.sd_time must be longer than nothing.");
        }
        if p.power.is_some_and(|x| !(0.0..=10.0).contains(&x)) {
            return wrong("policy.power must lie between 0 and 10.");
        }
        self.check_own_radius()?;
        if self.sides.len() > 2 {
            let plain = matches!(p.kind, PolicyKind::All | PolicyKind::Nearest);
            if self.reference == Reference::Secondary || !plain {
                return wrong(
                    "With three sides or more the policy is all or nearest, and the primary side is the reference.",
                );
            }
        }
        Ok(())
    }

    /// Settings of another policy would change nothing, and whoever writes them expects that they do. Not `size` and
    /// `time`: the window saves those of its last box and its last interpolation with every job.
    fn check_no_other_policy(&self) -> Result<()> {
        use PolicyKind::{Box, Crossovers, Mutual, Nearest, Weighted};
        let (p, plain) = (&self.policy, PolicySpec::default());
        let settings: [(&str, bool, &[PolicyKind]); 7] = [
            ("k", p.k != plain.k, &[Nearest]),
            ("by", p.by != plain.by, &[Nearest, Mutual, Box]),
            ("sd", p.sd.is_some(), &[Weighted]),
            ("sd_time", p.sd_time.is_some(), &[Weighted]),
            ("power", p.power.is_some(), &[Weighted]),
            ("method", p.method != plain.method, &[Crossovers]),
            ("half", p.half != plain.half, &[Crossovers]),
        ];
        let word = |kind: PolicyKind| {
            let text = serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned));
            text.unwrap_or_default()
        };
        match settings.iter().find(|(_, said, kinds)| *said && !kinds.contains(&p.kind)) {
            None => Ok(()),
            Some((name, _, kinds)) => {
                let kinds: Vec<String> = kinds.iter().map(|k| word(*k)).collect();
                Err(JobError::Spec(format!(
                    "policy.{name} means nothing with the policy {}, it goes with {}; leave it out, or change kind.",
                    word(p.kind),
                    kinds.join(", ")
                )))
            }
        }
    }

    /// Interpolation and crossovers.
    fn check_own_radius(&self) -> Result<()> {
        let wrong = |text: &str| Err(JobError::Spec(text.to_owned()));
        let p = &self.policy;
        if p.kind != PolicyKind::Crossovers && p.max_gap.is_some() {
            return wrong("policy.max_gap goes with the policy crossovers.");
        }
        if !p.kind.has_own_radius() {
            return Ok(());
        }
        if self.reference == Reference::Secondary {
            return wrong(
                "With interpolate and crossovers the reference is the primary side; name the other side primary.",
            );
        }
        let gap = self.max_gap_us()?;
        if !(1..=86_400_000_000).contains(&gap) {
            return wrong("policy.max_gap must lie between a microsecond and a day.");
        }
        if self.sides.iter().any(|s| s.pass.is_some()) && gap > MAX_PASS_GAP_US && p.kind == PolicyKind::Crossovers {
            return wrong("policy.max_gap must be at most 10 min where sides say pass, or passes would be joined.");
        }
        if !(1..=100).contains(&p.half) {
            return wrong("policy.half must lie between 1 and 100.");
        }
        let grid = &self.sides[usize::from(self.primary_index() == 0)];
        if p.kind == PolicyKind::Interpolate && grid.fields.is_empty() {
            return Err(JobError::Spec(format!(
                "Nothing is to be interpolated: the side \"{}\" names no fields; write fields = [\"...\"] (on the command line --secondary-field).",
                grid.name
            )));
        }
        Ok(())
    }
}
