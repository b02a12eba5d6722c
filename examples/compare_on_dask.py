"""
Comparing on a Dask cluster
===========================

:func:`~skgan_resample.compare_samplers` runs its folds on any backend of joblib. Here it is a
cluster of two processes on this machine; for others give ``Client`` the address of a scheduler. It
needs the package ``distributed``.
"""

import joblib
from dask.distributed import Client, LocalCluster
from imblearn.over_sampling import SMOTE
from sklearn.datasets import load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skgan_resample import CGANSampler, RowMixSampler, compare_samplers

if __name__ == "__main__":  # the workers import this file
    X, y = load_wine(return_X_y=True)
    X, y = X[:150], y[:150]  # 59, 71 and 20 wines
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        result = compare_samplers(
            X,
            y,
            [SMOTE(), RowMixSampler(), CGANSampler(max_iter=100)],
            [KNeighborsClassifier()],
            preprocessor=StandardScaler(),
            random_state=0,
        )
    print(result.summary()[["mean", "low", "high", "fit_seconds"]].round(3).to_string())
