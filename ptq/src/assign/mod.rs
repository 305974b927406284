//! One choice per item, under a budget.

pub mod knapsack;
